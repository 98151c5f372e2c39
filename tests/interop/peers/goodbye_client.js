// SPDX-License-Identifier: MIT
//
// goodbye_client.js NAME COUNT: connects COUNT times in a row to a server that says goodbye, and does nothing else.
// The text and the end must come by themselves, within a second.
'use strict';
const fs = require('fs');
const net = require('net');
const endpoint = require('./endpoint.js');

const [name, count] = process.argv.slice(2);
let done = 0;

function fail(text) {
  fs.writeSync(1, `${text} after ${done} times\n`);
  process.exit(1);
}

function hearGoodbye() {
  if (done === Number(count)) {
    fs.writeSync(1, `${done} times\n`);
    return;
  }
  let text = '';
  const limit = setTimeout(() => fail('no end'), 1000);
  const socket = net.connect(endpoint.parse(name));
  socket.on('data', (bytes) => (text += bytes));
  socket.on('end', () => clearTimeout(limit));
  socket.on('error', (error) => fail(`${error.syscall} ${error.code}`));
  socket.on('close', () => {
    if (text !== 'goodbye') fail(`got "${text}"`);
    done++;
    hearGoodbye();
  });
}

hearGoodbye();
