// SPDX-License-Identifier: MIT
//
// An endpoint as Node's net.connect and server.listen take it: tcp:HOST:PORT, or the path of a socket or pipe.
'use strict';

exports.parse = (text) => {
  if (!text.startsWith('tcp:')) return { path: text };
  const colon = text.lastIndexOf(':');
  return { host: text.slice(4, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
};
