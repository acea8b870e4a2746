// SPDX-License-Identifier: Apache-2.0
// A tree of ten children a node, SIZE levels deep: an async function for each child.
'use strict';
const program = require('../support/program.js');

async function node(first, leaves) {
  await null;
  if (leaves === 1) return first;
  const part = leaves / 10;
  let sum = 0;
  for (const child of program.times(10, (i) => node(first + i * part, part))) sum += await child;
  return sum;
}

async function main() {
  const leaves = 10 ** program.parse().size;
  const begin = program.now();
  const sum = await node(0, leaves);
  program.report((10 * leaves - 1) / 9, begin);
  program.require(sum === (leaves * (leaves - 1)) / 2, 'sum');
}

main();
