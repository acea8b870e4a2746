// SPDX-License-Identifier: Apache-2.0
// SIZE times: a promise raced against a timer of 60 s, which is then cleared: around one that is ready, or one that takes
// a turn of the loop ("yield"), the latter also with 100,000 timers pending ("pending").
'use strict';
const { setImmediate: turn } = require('timers/promises');
const program = require('../support/program.js');

async function main() {
  const { size, variant } = program.parse();
  const pending = program.times(variant === 'pending' ? 100000 : 0, (i) => setTimeout(() => {}, 600000 + i));
  const yields = variant !== '' && variant !== 'ready';
  const operation = async (value) => {
    if (yields) await turn();
    return value;
  };
  let sum = 0;
  const begin = program.now();
  for (let i = 0; i < size; ++i) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(reject, 60000);
    });
    sum += await Promise.race([limit, operation(i)]);
    clearTimeout(timer);
  }
  program.report(size, begin);
  program.require(sum === (size * (size - 1)) / 2, 'sum');
  for (const timer of pending) clearTimeout(timer);
}

main();
