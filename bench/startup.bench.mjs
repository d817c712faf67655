/** Start-up: hello world above an empty run of Node. */
import { compare, run, shipped } from './measure.mjs';

const [empty, hello] = compare([[process.execPath, '-e', '0'], run(shipped('hello'), '1')], 15);
console.log(`node -e 0      ${(empty * 1000).toFixed(0)} ms`);
console.log(
  `hello world    ${(hello * 1000).toFixed(0)} ms, ${((hello - empty) * 1000).toFixed(0)} ms above node`,
);
