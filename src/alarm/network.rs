//! Networks that addresses are compared by.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Bits by which two addresses are of one network: /24 and /48, what a household or an office has.
const NEAR: (u8, u8) = (24, 48);

/// A network: an address and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// A network of these bits; `None` if there are more than the address has.
    pub fn new(address: IpAddr, bits: u8) -> Option<Self> {
        let address = match canonical(address) {
            IpAddr::V4(address) => {
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & u32::MAX.checked_shl(32_u32.checked_sub(bits.into())?).unwrap_or(0)))
            }
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & u128::MAX.checked_shl(128_u32.checked_sub(bits.into())?).unwrap_or(0)))
            }
        };
        Some(Self { address, bits })
    }

    /// The network near an address.
    pub fn near(address: IpAddr) -> Self {
        let address = canonical(address);
        let bits = if address.is_ipv4() { NEAR.0 } else { NEAR.1 };
        Self::new(address, bits).unwrap_or(Self { address, bits })
    }

    /// Whether the address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        address.is_ipv4() == self.address.is_ipv4() && Self::new(address, self.bits) == Some(*self)
    }

    /// Whether it is of IP version 4.
    pub const fn is_v4(&self) -> bool {
        self.address.is_ipv4()
    }
}

/// An address of version 4 written as one of version 6 is what it stands for.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whether an address is of no network out there: of a private one, or of the machine itself.
pub fn is_inside(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// `192.0.2.0/24`, `2001:db8::/32`; an address alone is a network of one.
impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must look like 192.0.2.0/24 or 2001:db8::/32";
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| WRONG)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), |bits| bits.parse().map_err(|_| WRONG))?;
        Self::new(address, bits).ok_or(WRONG)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
