// SPDX-License-Identifier: Apache-2.0
// Echoes what it is sent, by callbacks. Prints its port and serves until it is killed.
'use strict';
const net = require('net');

const server = net.createServer({ noDelay: true }, (guest) => {
  guest.on('data', (data) => guest.write(data));
  guest.on('error', () => {});
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => console.log(`port=${server.address().port}`));
