// SPDX-License-Identifier: MIT
//
// rude_client.js ENDPOINT MODE: sends "x", and then is no good client of an echo server.
//
//   reset  breaks the connection off when the first byte has come (TCP only)
//   mute   says nothing more, and prints what happens to it, with the milliseconds since the last byte came
'use strict';
const fs = require('fs');
const net = require('net');
const endpoint = require('./endpoint.js');

const [name, mode] = process.argv.slice(2);
let last = Date.now();

const socket = net.connect(endpoint.parse(name), () => socket.write('x'));
socket.on('data', () => {
  last = Date.now();
  if (mode === 'reset') socket.resetAndDestroy();
});
socket.on('end', () => fs.writeSync(1, `end after ${Date.now() - last} ms\n`));
socket.on('error', (error) => fs.writeSync(1, `${error.syscall} ${error.code}\n`));
socket.on('close', () => fs.writeSync(1, 'closed\n'));
