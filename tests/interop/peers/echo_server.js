// SPDX-License-Identifier: MIT
//
// echo_server.js NAME [half-open]: Node's echo server. Half-open, it keeps what comes and answers after the client's
// end. Output goes through writeSync, because Node for Windows cannot use its own streams under Wine.
'use strict';
const fs = require('fs');
const net = require('net');
const endpoint = require('./endpoint.js');

const [name, mode] = process.argv.slice(2);

function answerLater(socket) {
  const kept = [];
  socket.on('data', (bytes) => kept.push(bytes));
  socket.on('end', () => setTimeout(() => socket.end(Buffer.concat(kept)), 200));
}

const server = net.createServer({ allowHalfOpen: mode === 'half-open' }, (socket) => {
  socket.on('error', (error) => fs.writeSync(1, `${error.code}\n`));
  socket.on('close', () => fs.writeSync(1, `closed after ${socket.bytesRead} bytes\n`));
  if (mode === 'half-open') answerLater(socket);
  else socket.pipe(socket);
});
server.listen(endpoint.parse(name), () => fs.writeSync(1, 'listening\n'));
