import { describe, expect, it } from '@jest/globals';
import { findMount, judgeMount } from './mount.ts';

const TABLE = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 27 0:40 / /srv rw,relatime - tmpfs tmpfs rw,size=1g
31 30 8:2 / /srv/data rw,noatime - xfs /dev/sdb1 rw,attr2,nobarrier
32 27 8:3 / /mnt/with\\040space rw - btrfs /dev/sdc rw
33 31 8:4 / /srv/data rw - ext4 /dev/sdd rw
a broken line`;

const on = (type: string, ...options: string[]) => judgeMount({ point: '/', type, options }, '/j').verdict;

describe('findMount', () => {
  it('finds the deepest mount, and of several on one point the last', () => {
    expect(findMount(TABLE, '/var/lib/journal')).toMatchObject({ point: '/', type: 'ext4' });
    expect(findMount(TABLE, '/srv/journal')).toMatchObject({ type: 'tmpfs' });
    expect(findMount(TABLE, '/srv/data/journal')).toMatchObject({ type: 'ext4' });
    expect(findMount(TABLE, '/srv/database')).toMatchObject({ type: 'tmpfs' });
    expect(findMount(TABLE, '/mnt/with space/j')).toMatchObject({ type: 'btrfs' });
    expect(findMount('', '/j')).toBeUndefined();
  });
});

describe('judgeMount', () => {
  it.each(['tmpfs', 'ramfs'])('fails on %s, which is memory', (type) => {
    expect(on(type, 'rw')).toBe('fail');
  });

  it.each(['overlay', 'nfs4', 'cifs', '9p', 'fuse.sshfs', 'fuseblk', 'virtiofs'])('warns of %s', (type) => {
    expect(on(type, 'rw')).toBe('warn');
  });

  it.each(['ext4', 'xfs', 'btrfs', 'zfs', 'f2fs'])('is content with %s', (type) => {
    expect(on(type, 'rw', 'relatime', 'errors=remount-ro')).toBe('ok');
  });

  it('fails without barriers and where nothing can be written, and warns of weakened journals', () => {
    expect([on('ext4', 'barrier=0'), on('xfs', 'nobarrier'), on('ext4', 'ro')]).toEqual([
      'fail',
      'fail',
      'fail',
    ]);
    expect([on('ext4', 'journal_async_commit'), on('ext4', 'data=writeback')]).toEqual(['warn', 'warn']);
    expect(judgeMount(undefined, '/j').verdict).toBe('warn');
  });
});
