// SPDX-License-Identifier: MIT
// node_echo.js --listen ENDPOINT [--sink]: Node's own net module, which Weir is modelled on.
//
// A pipe from the socket into itself, as the documentation of net begins with. Node raises its descriptor limit itself.
'use strict';

const net = require('net');

const BACKLOG = 4096;

function readArguments(words) {
  const result = { isSink: false };
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--sink') {
      result.isSink = true;
    } else if (word === '--listen' && words.length > 0) {
      result.endpoint = readEndpoint(words.shift());
    }
  }
  if (result.endpoint === undefined) {
    console.error('usage: node_echo.js --listen unix:PATH|tcp:HOST:PORT [--sink]');
    process.exit(2);
  }
  return result;
}

function readEndpoint(text) {
  if (text.startsWith('unix:')) return { path: text.slice(5) };
  const tcp = /^tcp:\[?(.+?)\]?:(\d+)$/.exec(text);
  return tcp === null ? undefined : { host: tcp[1], port: Number(tcp[2]) };
}

function echo(socket) {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}

function sink(socket) {
  socket.on('error', () => socket.destroy());
  socket.on('data', () => {});
  socket.on('end', () => {
    const answer = Buffer.alloc(8);
    answer.writeBigUInt64LE(BigInt(socket.bytesRead));
    socket.end(answer);
  });
}

const { endpoint, isSink } = readArguments(process.argv.slice(2));
const server = net.createServer({ noDelay: true, allowHalfOpen: true }, isSink ? sink : echo);
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen({ ...endpoint, backlog: BACKLOG }, () => console.log('ready'));

// Closing removes the socket's file; what clients still want ends with the process.
process.on('SIGTERM', () => {
  server.close();
  process.exit(0);
});
