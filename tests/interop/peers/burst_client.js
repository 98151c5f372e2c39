// SPDX-License-Identifier: MIT
//
// burst_client.js NAME COUNT: COUNT clients of an echo server that connect in one burst; each must have its own echo.
'use strict';
const fs = require('fs');
const net = require('net');
const endpoint = require('./endpoint.js');

const [name, count] = process.argv.slice(2);
let served = 0;

function start(number) {
  const sent = `client ${number}`;
  let received = '';
  const socket = net.connect(endpoint.parse(name), () => socket.write(sent));
  socket.on('data', (bytes) => {
    received += bytes;
    if (received.length >= sent.length) socket.end();
  });
  // A Unix socket's queue that is full says EAGAIN at once, and Node does not wait for it: who comes again is let in.
  socket.on('error', (error) => {
    if (error.code === 'EAGAIN') setTimeout(start, 10, number);
    else fs.writeSync(1, `${error.syscall} ${error.code}\n`);
  });
  socket.on('close', () => {
    if (received === sent) served++;
  });
}

for (let i = 0; i < Number(count); i++) start(i);
process.on('exit', () => fs.writeSync(1, `${served} clients served\n`));
