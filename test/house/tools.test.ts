import { afterEach, describe, expect, it, vi } from 'vitest';
import { findTool, needsTool } from '../support/tools.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

needsTool('node', 'https://nodejs.org')('a tool that is there', () => {
  it('runs its tests', () => expect(findTool('node')).toMatch(/\/node$/));
});

describe('a tool that is missing', () => {
  it('fails in CI', () => {
    vi.stubEnv('CI', 'true');
    expect(() => needsTool('no-such-tool', 'apt-get install it')).toThrow(
      'no-such-tool is missing; enable these tests with: apt-get install it',
    );
  });

  it('is skipped elsewhere, with the command that enables it', () => {
    vi.stubEnv('CI', '');
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    needsTool('no-such-tool', 'apt-get install it');
    expect(write).toHaveBeenCalledWith(
      'skipped: no-such-tool is missing; enable these tests with: apt-get install it\n',
    );
  });
});
