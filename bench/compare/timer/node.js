// SPDX-License-Identifier: Apache-2.0
// SIZE timers set and cleared, one after the other. Variants: "ahead", with an earlier one pending; "pending" and
// "million", with 100,000 and 1,000,000 later ones.
'use strict';
const program = require('../support/program.js');

const { size, variant } = program.parse();
if (variant === 'both') program.cannot();
const nothing = () => {};
const later = { pending: 100000, million: 1000000 }[variant] ?? 0;
for (let i = 0; i < later; ++i) setTimeout(nothing, 600000 + i);
if (variant === 'ahead') setTimeout(nothing, 30000);
const begin = program.now();
for (let i = 0; i < size; ++i) clearTimeout(setTimeout(nothing, 60000));
program.report(size, begin);
process.exit(0);
