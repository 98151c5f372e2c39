// SPDX-License-Identifier: MIT
//
// rude_server.js ENDPOINT MODE: a server that does not do as its client hopes, once the client has sent something.
//
//   reset    breaks the connection off (TCP only)
//   timeout  is silent, and ends its side with "too late" after 300 ms without a byte
//   mute     is silent
'use strict';
const fs = require('fs');
const net = require('net');
const endpoint = require('./endpoint.js');

const [name, mode] = process.argv.slice(2);

const server = net.createServer((socket) => {
  socket.on('data', () => {
    if (mode === 'reset') socket.resetAndDestroy();
  });
  if (mode === 'timeout') socket.setTimeout(300, () => socket.end('too late'));
  socket.on('error', (error) => fs.writeSync(1, `${error.syscall} ${error.code}\n`));
  socket.on('close', () => fs.writeSync(1, 'closed\n'));
});
server.listen(endpoint.parse(name), () => fs.writeSync(1, 'listening\n'));
