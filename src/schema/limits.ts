/** How deep objects and lists may lie in each other. */
export const VALUE_DEPTH_MAX = 64
/** Bytes of all labels' and annotations' keys and values of one object together. */
export const ANNOTATIONS_BYTES_MAX = 256 * 1024
/** How deep the schema of a custom resource may be. */
export const SCHEMA_DEPTH_MAX = 60
/** Places in the schemas of one version of a custom resource. */
export const SCHEMA_NODES_MAX = 50_000
/** Characters of a regular expression. */
export const PATTERN_CHARS_MAX = 4096
/** How deep groups of a regular expression may be. */
export const PATTERN_DEPTH_MAX = 200
/** Steps of a compiled regular expression. */
export const PATTERN_STEPS_MAX = 10_000
/** Steps taken to match all texts of one object with its schema's patterns; one that needs more is refused. */
export const PATTERN_WORK_MAX = 500_000
/** Steps taken to find the parts of one text that match; one that needs more is an error. */
export const PATTERN_FIND_WORK_MAX = 1_000_000
/** Steps of matching and finding that count as one step of a rule. */
export const PATTERN_STEPS_PER_RULE_STEP = 4
/** Compiled regular expressions kept. */
export const PATTERNS_KEPT_MAX = 2000
/** Characters of a rule of x-kubernetes-validations. */
export const RULE_CHARS_MAX = 16 * 1024
/** Rules in the schema of one version of a custom resource. */
export const RULES_MAX = 1000
/** Steps that all rules may take with one object: items looked at, and characters of texts in them. */
export const RULE_WORK_MAX = 1_000_000
/** Errors told of one custom object. */
export const CUSTOM_ERRORS_MAX = 100
/** Compiled schemas kept beside those that are served: of definitions just checked. */
export const SCHEMAS_KEPT_MAX = 16
/** Characters of a JSONPath. */
export const JSON_PATH_CHARS_MAX = 1024
/** Managers that updated an object and are told apart; the oldest above become one, as in Kubernetes. */
export const UPDATE_MANAGERS_MAX = 10
/** Data of a config map, as k8s.io/kubernetes core validation has it; with its metadata it fits a value of the keyspace. */
export const CONFIG_BYTES_MAX = 1024 * 1024

/** Bytes of all data of one Secret together. */
export const SECRET_BYTES_MAX = 1024 * 1024
/** Characters of the value of one option of a Bundle. */
export const OPTION_CHARS_MAX = 2048
/** Ports of a service that are given ports of the machines: all are taken in one transaction of the keyspace. */
export const NODE_PORTS_PER_SERVICE_MAX = 60
