import { parse, type ScalarTag } from 'yaml';

/** A scalar that PyYAML reads as something that no setting can be. */
export class UnsupportedScalar {
  constructor(readonly kind: string) {}
}

/**
 * Parses YAML as openstacksdk does: PyYAML's SafeLoader (yaml/resolver.py), whose rules are not those of any version of
 * YAML, followed by str() of numbers (openstack/config/_util.py, normalize_keys). `1e5`, `0089` and `1.2.3` are text,
 * `0x10` is `16`, `012` is `10`, and an integer keeps all its digits. Scalars are string, boolean, null or UnsupportedScalar.
 */
export function parsePyYaml(text: string): unknown {
  const options = { schema: 'failsafe', merge: true, uniqueKeys: false, prettyErrors: false } as const;
  return parse(text, { ...options, customTags: [NULL, BOOLEAN, INTEGER, FLOAT, DATE] });
}

const NULL: ScalarTag = {
  tag: 'tag:yaml.org,2002:null',
  default: true,
  test: /^(?:~|null|Null|NULL|)$/,
  resolve: () => null,
};

const BOOLEAN: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (source) => /^(?:yes|true|on)$/i.test(source),
};

const INTEGER: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  resolve: (source) => {
    const digits = source.replaceAll('_', '').replace(/^[-+]/, '');
    const size = digits.includes(':') ? sexagesimal(digits) : BigInt(digits.replace(/^0(?=[0-7])/, '0o'));
    return String(source.startsWith('-') ? -size : size);
  },
};

/** `1:30` is 90. */
function sexagesimal(digits: string): bigint {
  return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
}

const FLOAT: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/,
  resolve: (source) => pythonFloat(Number(source.replaceAll('_', ''))),
};

/** A float as Python's str() shows it: `1.0`, `1e+16`, `1e-05`. */
function pythonFloat(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const DATE: ScalarTag = {
  tag: 'tag:yaml.org,2002:timestamp',
  default: true,
  test: /^\d{4}-\d\d-\d\d$|^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?$/,
  resolve: () => new UnsupportedScalar('a date'),
};
