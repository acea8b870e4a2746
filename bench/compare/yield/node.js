// SPDX-License-Identifier: Apache-2.0
// 1,000 async functions that yield to the loop, by setImmediate, SIZE / 1,000 times each.
'use strict';
const { setImmediate: turn } = require('timers/promises');
const program = require('../support/program.js');

async function main() {
  const each = Math.floor(program.parse().size / 1000);
  const begin = program.now();
  await Promise.all(
    program.times(1000, async () => {
      for (let i = 0; i < each; ++i) await turn();
    }),
  );
  program.report(each * 1000, begin);
}

main();
