// SPDX-License-Identifier: Apache-2.0
// Two async functions that wait for each other SIZE times, by a promise for each message; there is nothing else.
'use strict';
const program = require('../support/program.js');

class Mailbox {
  constructor() {
    this.clear();
  }
  clear() {
    this.expected = new Promise((resolve) => {
      this.put = resolve;
    });
  }
}

async function play(rounds, mine, other, begins) {
  for (let i = 0; i < rounds; ++i) {
    if (begins) other.put(i);
    program.require((await mine.expected) === i, 'message');
    mine.clear();
    if (!begins) other.put(i);
  }
}

async function main() {
  const { size, variant } = program.parse();
  if (variant !== 'future') program.cannot();
  const [a, b] = [new Mailbox(), new Mailbox()];
  const begin = program.now();
  await Promise.all([play(size, a, b, true), play(size, b, a, false)]);
  program.report(size, begin);
}

main();
