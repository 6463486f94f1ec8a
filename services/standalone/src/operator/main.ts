import { fileURLToPath } from 'node:url';
import { readStandaloneConfig } from '../config.ts';
import { failureMessage } from '../failure.ts';
import { doctor } from './doctor.ts';
import { KEYS_USAGE, keys } from './keys.ts';
import { modelsGuide } from './models.ts';
import { RETENTION_USAGE, retention } from './retention.ts';
import { VERIFY_USAGE, verify } from './verify.ts';

const USAGE = `Usage: earshot doctor
       earshot models
${[KEYS_USAGE, VERIFY_USAGE, RETENTION_USAGE].map((usage) => usage.replace('Usage:', '      ')).join('\n')}`;

const USAGES: Readonly<Record<string, string>> = {
  keys: KEYS_USAGE,
  verify: VERIFY_USAGE,
  retention: RETENTION_USAGE,
};

/** Work on a server's own stores, for whoever runs it: same settings as the server, same machine. */
async function main([command = '', ...args]: readonly string[]): Promise<number> {
  const output = {
    print: (line: string) => void process.stdout.write(`${line}\n`),
    complain: (line: string) => void process.stderr.write(`${line}\n`),
  };
  const dataFolder = fileURLToPath(new URL('../../../../.earshot/data', import.meta.url));
  const config = () => readStandaloneConfig(process.env, dataFolder);
  switch (args.includes('--help') ? 'help' : command) {
    case 'doctor':
      return doctor(config(), output.print);
    case 'keys':
      return keys(config(), args, output);
    case 'verify':
      return verify(config(), args, output);
    case 'retention':
      return retention(config(), args, output);
    case 'models':
      output.print(modelsGuide());
      return 0;
    case 'help':
      output.print(USAGES[command] ?? USAGE);
      return 0;
    default:
      output.complain(USAGE);
      return 1;
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`earshot: ${failureMessage(error)}\n`);
    process.exit(1);
  },
);
