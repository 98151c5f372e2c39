// SPDX-License-Identifier: MIT
//
// echo_client.js NAME BYTES [half-open]: Node's counterpart of ipc_client --bytes. It respects back-pressure, checks
// every byte, and ends when everything has come back, or, half-open, right after sending.
'use strict';
const fs = require('fs');
const net = require('net');
const endpoint = require('./endpoint.js');

const [name, count, mode] = process.argv.slice(2);
const total = Number(count);
const pattern = Buffer.alloc(65537);
for (let i = 0; i < pattern.length; i++) pattern[i] = Math.imul(i, 0x9e3779b1) >>> 24;
let sent = 0;
let received = 0;

function slice(position, length) {
  const start = position % pattern.length;
  return pattern.subarray(start, Math.min(start + length, pattern.length));
}

function sendMore(socket) {
  while (sent < total) {
    const chunk = slice(sent, total - sent);
    sent += chunk.length;
    if (!socket.write(chunk)) {
      socket.once('drain', () => sendMore(socket));
      return;
    }
  }
  if (mode === 'half-open') socket.end();
}

function fail(text) {
  fs.writeSync(1, `${text}\n`);
  process.exit(1);
}

function check(bytes) {
  for (let done = 0; done < bytes.length; ) {
    const expected = slice(received, bytes.length - done);
    if (expected.compare(bytes, done, done + expected.length) !== 0) fail(`wrong bytes from ${received} on`);
    received += expected.length;
    done += expected.length;
  }
}

const socket = net.connect(endpoint.parse(name), () => sendMore(socket));
socket.on('data', (bytes) => {
  check(bytes);
  if (received === total && mode !== 'half-open') socket.end();
});
socket.on('error', (error) => fail(`${error.syscall} ${error.code}`));
socket.on('close', () => {
  if (received !== total) fail(`${received} of ${total} bytes came back`);
  fs.writeSync(1, `echoed ${total} bytes, all equal\n`);
});
