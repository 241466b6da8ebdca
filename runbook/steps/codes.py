"""The documented values of the codes that licensing classes answer with.

Sources: the classes' pages in MicrosoftDocs/win32, ``desktop-src/TermServ``; where pages disagree, the enum says
which was followed. A value that is missing here is not an error: it is shown as the number it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class ActivationStatus(IntEnum):
    """Win32_TSLicenseServer.GetActivationStatus (the RDS: drive says the reverse; it is not used)."""

    ACTIVATED = 0
    NOT_ACTIVATED = 1
    UNKNOWN = 2


class KeyPackType(IntEnum):
    """Win32_TSLicenseKeyPack.KeyPackType."""

    UNKNOWN = 0
    RETAIL = 1
    VOLUME = 2
    CONCURRENT = 3
    TEMPORARY = 4
    OPEN = 5
    NOT_SUPPORTED = 6


class ProductType(IntEnum):
    """Win32_TSLicenseKeyPack.ProductType."""

    PER_DEVICE = 0
    PER_USER = 1
    INVALID = 2
    BUILT_IN = 3


class LicensingMode(IntEnum):
    """LicensingType of a session host; 6 is written by policy only (ADMX), 5 by the host itself.

    The class page prints 3 and 4 for per user and not configured; Win32_TSDeploymentLicensing, the ADMX and
    every script read say 4 and 5.
    """

    PER_DEVICE = 2
    PER_USER = 4
    NOT_CONFIGURED = 5
    AAD_PER_USER = 6


class PolicySource(IntEnum):
    """PolicySourceLicensingType and PolicySourceConfiguredLicenseServers: who owns the value."""

    SERVER = 0
    GROUP_POLICY = 1


class Connectivity(IntEnum):
    """Win32_TerminalServiceSetting.GetTStoLSConnectivityStatus."""

    UNKNOWN = 0
    VALID_2008_R2 = 1
    VALID_2008 = 2
    BETA_RTM_MISMATCH = 3
    LOWER_VERSION = 4
    NOT_IN_GROUP = 5
    NOT_CONNECTABLE = 6
    VALIDITY_UNKNOWN = 7
    ACCESS_DENIED = 8
    VALID_2008_R2_VDI = 9
    NOT_SUPPORTED = 10
    VALID = 11


#: How a table shows them; a value that no page documents is shown as the number it is.
PRODUCTS = {
    ProductType.PER_DEVICE: "steps.product_0",
    ProductType.PER_USER: "steps.product_1",
    ProductType.INVALID: "steps.product_2",
    ProductType.BUILT_IN: "steps.product_3",
}
MODES = {
    LicensingMode.PER_DEVICE: "steps.mode_2",
    LicensingMode.PER_USER: "steps.mode_4",
    LicensingMode.NOT_CONFIGURED: "steps.mode_5",
    LicensingMode.AAD_PER_USER: "steps.mode_6",
}
LINKS = {
    Connectivity.UNKNOWN: "steps.connectivity_0",
    Connectivity.VALID_2008_R2: "steps.connectivity_1",
    Connectivity.VALID_2008: "steps.connectivity_2",
    Connectivity.BETA_RTM_MISMATCH: "steps.connectivity_3",
    Connectivity.LOWER_VERSION: "steps.connectivity_4",
    Connectivity.NOT_IN_GROUP: "steps.connectivity_5",
    Connectivity.NOT_CONNECTABLE: "steps.connectivity_6",
    Connectivity.VALIDITY_UNKNOWN: "steps.connectivity_7",
    Connectivity.ACCESS_DENIED: "steps.connectivity_8",
    Connectivity.VALID_2008_R2_VDI: "steps.connectivity_9",
    Connectivity.NOT_SUPPORTED: "steps.connectivity_10",
    Connectivity.VALID: "steps.connectivity_11",
}


def shown(keys: Mapping[Any, str], code: int | None) -> str | int | None:
    """The sentence's key for a documented ``code``, else the code itself."""
    return code if code is None else keys.get(code, code)
