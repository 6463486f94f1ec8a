import { describe, expect, it } from '@jest/globals';
import { mergeExpositions } from './exposition.ts';

const page = (process: string, live: number): string => `# HELP earshot_streams_live Streams.
# TYPE earshot_streams_live gauge
earshot_streams_live{process="${process}"} ${live}

# HELP earshot_other Other
# TYPE earshot_other histogram
earshot_other_bucket{le="1",process="${process}"} 1
earshot_other_count{process="${process}"} 1
`;

describe('expositions of several processes', () => {
  it('become one that describes each metric once and has the values of all', () => {
    expect(mergeExpositions([page('1', 3), page('2', 4)])).toBe(`# HELP earshot_streams_live Streams.
# TYPE earshot_streams_live gauge
earshot_streams_live{process="1"} 3
earshot_streams_live{process="2"} 4
# HELP earshot_other Other
# TYPE earshot_other histogram
earshot_other_bucket{le="1",process="1"} 1
earshot_other_count{process="1"} 1
earshot_other_bucket{le="1",process="2"} 1
earshot_other_count{process="2"} 1
`);
  });

  it('keep a metric that only one of them has', () => {
    const own = '# HELP earshot_queue_jobs Jobs.\n# TYPE earshot_queue_jobs gauge\nearshot_queue_jobs 2\n';
    const merged = mergeExpositions([page('1', 3), page('2', 4) + own]);
    expect(merged.endsWith(own)).toBe(true);
  });

  it('are empty when nobody answered', () => {
    expect(mergeExpositions([])).toBe('');
    expect(mergeExpositions([''])).toBe('');
  });
});
