#!/usr/bin/env python3
"""Records what openstacksdk reads of test/fixtures/openstacksdk/*.yaml, for test/unit/openstacksdk.test.ts.

Run it with Debian's python3-openstacksdk: /usr/bin/python3 scripts/record-openstacksdk.py
"""
import json
import pathlib
import warnings

import openstack.config
from openstack import version

FOLDER = pathlib.Path(__file__).parent.parent / 'test' / 'fixtures' / 'openstacksdk'
SERVICES = {'nova': 'compute', 'manila': 'shared-file-system'}
REGIONS = {'regions-second': 'West'}

warnings.simplefilter('ignore')
config = openstack.config.OpenStackConfig(
    config_files=[str(FOLDER / 'clouds.yaml')],
    secure_files=[str(FOLDER / 'secure.yaml')],
    vendor_files=[str(FOLDER / 'clouds-public.yaml')],
    load_envvars=False,
)


def read(name):
    cloud = config.get_one(name, region_name=REGIONS.get(name))
    verify, cert = cloud.get_requests_verify_args()
    return {
        'auth': cloud.config['auth'],
        'verify': verify,
        'cert': cert,
        'services': {
            service: {
                'region': cloud.get_region_name(type) or None,
                'interface': cloud.get_interface(type),
                'override': cloud.get_endpoint(type),
            }
            for service, type in SERVICES.items()
        },
    }


recorded = {
    'openstacksdk': version.__version__,
    'clouds': {name: read(name) for name in config.get_cloud_names()},
}
(FOLDER / 'recorded.json').write_text(json.dumps(recorded, indent=2) + '\n')
