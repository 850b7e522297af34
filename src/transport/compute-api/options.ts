import type { Attachments } from '../../attachments/service.ts';
import type { Config } from '../../config.ts';
import type { Cloud } from '../../openstack/cloud.ts';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import type { Authenticate } from '../authenticate.ts';

/** What the compute API's door is made of. */
export interface ComputeApiOptions {
  readonly config: Config;
  readonly cloud: Cloud;
  readonly authenticate: Authenticate;
  readonly attachments: Attachments;
  /** The gateway's own account, where it has one: it knows where Nova is before anybody showed a token. */
  readonly account: ServiceAccount | null;
}
