/** Run as a process: installs from the directory in argv[2], printing each progress line. */
import { installEngine } from '../../src/index.js';

const { dir } = await installEngine({ from: process.argv[2]!, onProgress: (line) => console.log(line) });
console.log(`DONE ${dir}`);
