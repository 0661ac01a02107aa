//! What kinds of section there are, which directives each knows, and which of their values name further sections.
//!
//! From the reference pages of the sections below "INF Sections and Directives".

use super::rule::Rule;
use super::rules;

/// A kind of section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Version,
    Manufacturer,
    Models,
    Strings,
    Disks,
    SourceFiles,
    Destinations,
    Install,
    Uninstall,
    Hardware,
    Services,
    ServiceInstall,
    EventLog,
    Wdf,
    WdfInstall,
    Filters,
    Filter,
    Interfaces,
    InterfaceInstall,
    Registry,
    /// The same, relative to the key of a service.
    ServiceRegistry,
    Files,
    /// A section of the system, or one whose content is not looked into.
    Free,
    /// A section that a declarative INF does not have.
    Legacy,
}

/// Which of a directive's values name sections.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    /// None.
    Nothing,
    /// Each.
    Each(Kind),
    /// The one at a place, which may be left out where the flag is false.
    At(usize, Kind, bool),
    /// The third a service-install section, whose absence is a rule of its own, the fourth an event-log section.
    Service,
    /// Each, in a section that is not processed: they count as used, and no more.
    Mentions,
    /// None; the directive itself breaks a rule.
    Breaks(&'static Rule),
}

/// A directive, and what its values name.
pub(super) type Word = (&'static str, Names);

use Names::{At, Breaks, Each, Nothing};

const INCLUDE: Word = ("Include", Nothing);
const NEEDS: Word = ("Needs", Nothing);
const ADD_REG: Word = ("AddReg", Each(Kind::Registry));
const DEL_REG: Word = ("DelReg", Breaks(&rules::NOT_ADDITIVE));
const BIT_REG: Word = ("BitReg", Breaks(&rules::LEGACY_DIRECTIVE));
const ADD_PROPERTY: Word = ("AddProperty", Each(Kind::Free));

const VERSION: &[Word] = &[
    ("Signature", Nothing),
    ("Class", Nothing),
    ("ClassGuid", Nothing),
    ("ClassVer", Nothing),
    ("Provider", Nothing),
    ("ExtensionId", Nothing),
    ("LayoutFile", Nothing),
    ("CatalogFile", Nothing),
    ("CatalogFile.nt", Nothing),
    ("CatalogFile.ntx86", Nothing),
    ("CatalogFile.ntia64", Nothing),
    ("CatalogFile.ntamd64", Nothing),
    ("CatalogFile.ntarm", Nothing),
    ("CatalogFile.ntarm64", Nothing),
    ("DriverVer", Nothing),
    ("PnpLockdown", Nothing),
    ("DriverPackageDisplayName", Nothing),
    ("DriverPackageType", Nothing),
];

const INSTALL: &[Word] = &[
    ("DriverVer", Nothing),
    ("CopyFiles", Each(Kind::Files)),
    ("CopyINF", Nothing),
    ADD_REG,
    ADD_PROPERTY,
    INCLUDE,
    NEEDS,
    ("FeatureScore", Nothing),
    ("AddPowerSetting", Each(Kind::Free)),
    ("ExcludeID", Nothing),
    ("Reboot", Nothing),
    ("DelFiles", Breaks(&rules::NOT_ADDITIVE)),
    ("RenFiles", Breaks(&rules::NOT_ADDITIVE)),
    DEL_REG,
    ("DelProperty", Breaks(&rules::NOT_ADDITIVE)),
    BIT_REG,
    ("LogConfig", Breaks(&rules::LEGACY_DIRECTIVE)),
    ("ProfileItems", Breaks(&rules::LEGACY_DIRECTIVE)),
    ("UpdateInis", Breaks(&rules::LEGACY_DIRECTIVE)),
    ("UpdateIniFields", Breaks(&rules::LEGACY_DIRECTIVE)),
    ("Ini2Reg", Breaks(&rules::LEGACY_DIRECTIVE)),
    ("RegisterDlls", Breaks(&rules::LEGACY_DIRECTIVE)),
    ("UnregisterDlls", Breaks(&rules::LEGACY_DIRECTIVE)),
];

const UNINSTALL: &[Word] = &[
    ("LegacyUninstall", Nothing),
    ("DelFiles", Names::Mentions),
    ("DelReg", Names::Mentions),
    ("AddReg", Names::Mentions),
    INCLUDE,
    NEEDS,
];

const HARDWARE: &[Word] = &[ADD_REG, ADD_PROPERTY, INCLUDE, NEEDS, DEL_REG, BIT_REG];

const SERVICES: &[Word] = &[
    ("AddService", Names::Service),
    ("DelService", Breaks(&rules::NOT_ADDITIVE)),
    INCLUDE,
    NEEDS,
];

const SERVICE_INSTALL: &[Word] = &[
    ("DisplayName", Nothing),
    ("Description", Nothing),
    ("ServiceType", Nothing),
    ("StartType", Nothing),
    ("ErrorControl", Nothing),
    ("ServiceBinary", Nothing),
    ("StartName", Nothing),
    ("AddReg", Each(Kind::ServiceRegistry)),
    DEL_REG,
    BIT_REG,
    ("LoadOrderGroup", Nothing),
    ("Dependencies", Nothing),
    ("Security", Nothing),
    ("RequiredPrivileges", Nothing),
    ("ServiceSidType", Nothing),
    ("DelayedAutoStart", Nothing),
    ("AddTrigger", Each(Kind::Free)),
    ("FailureActions", Each(Kind::Free)),
    ("BootFlags", Nothing),
];

const WDF: &[Word] = &[
    ("KmdfService", At(1, Kind::WdfInstall, true)),
    ("UmdfService", At(1, Kind::WdfInstall, true)),
    ("UmdfServiceOrder", Nothing),
    ("UmdfHostProcessSharing", Nothing),
    ("UmdfDirectHardwareAccess", Nothing),
    ("UmdfHostPriority", Nothing),
    ("UmdfRegisterAccessMode", Nothing),
    ("UmdfImpersonationLevel", Nothing),
    ("UmdfMethodNeitherAction", Nothing),
    ("UmdfDispatcher", Nothing),
    ("UmdfKernelModeClientPolicy", Nothing),
    ("UmdfFileObjectPolicy", Nothing),
    ("UmdfFsContextUsePolicy", Nothing),
    INCLUDE,
    NEEDS,
];

const WDF_INSTALL: &[Word] = &[
    ("KmdfLibraryVersion", Nothing),
    ("UmdfLibraryVersion", Nothing),
    ("ServiceBinary", Nothing),
    ("DriverCLSID", Nothing),
    ("UmdfExtensions", Nothing),
];

const FILTERS: &[Word] = &[("AddFilter", At(2, Kind::Filter, true)), INCLUDE, NEEDS];

const FILTER: &[Word] = &[("FilterLevel", Nothing), ("FilterPosition", Nothing)];

const INTERFACES: &[Word] = &[
    ("AddInterface", At(2, Kind::InterfaceInstall, false)),
    INCLUDE,
    NEEDS,
];

const INTERFACE_INSTALL: &[Word] = &[
    ADD_REG,
    ADD_PROPERTY,
    ("CopyFiles", Each(Kind::Files)),
    DEL_REG,
    BIT_REG,
    INCLUDE,
    NEEDS,
];

const EVENT_LOG: &[Word] = &[ADD_REG, DEL_REG, BIT_REG];

impl Kind {
    /// The directives that a section of this kind knows; nothing where it holds no directives, or any.
    pub(super) const fn words(self) -> Option<&'static [Word]> {
        Some(match self {
            Self::Version => VERSION,
            Self::Install => INSTALL,
            Self::Uninstall => UNINSTALL,
            Self::Hardware => HARDWARE,
            Self::Services => SERVICES,
            Self::ServiceInstall => SERVICE_INSTALL,
            Self::EventLog => EVENT_LOG,
            Self::Wdf => WDF,
            Self::WdfInstall => WDF_INSTALL,
            Self::Filters => FILTERS,
            Self::Filter => FILTER,
            Self::Interfaces => INTERFACES,
            Self::InterfaceInstall => INTERFACE_INSTALL,
            _ => return None,
        })
    }

    /// Whether it is a list of registry values.
    pub(super) const fn is_registry(self) -> bool {
        matches!(self, Self::Registry | Self::ServiceRegistry)
    }

    /// Whether each directive stands once, because only one can take effect.
    pub(super) const fn is_record(self) -> bool {
        matches!(
            self,
            Self::Version | Self::ServiceInstall | Self::WdfInstall | Self::Filter
        )
    }
}

/// Directives and the build of Windows that brought them, as the pages of the directives tell.
pub(super) const NEWER: &[(&str, u32)] = &[
    ("AddEventProvider", WINDOWS_10_1809),
    ("AddFilter", WINDOWS_10_1903),
    ("AddTrigger", WINDOWS_10_2004),
    ("ServiceSidType", WINDOWS_10_2004),
    ("DelayedAutoStart", WINDOWS_10_2004),
    ("AddAutoLogger", WINDOWS_11),
    ("UpdateAutoLogger", WINDOWS_11),
    ("FailureActions", WINDOWS_11_22H2),
    ("BootFlags", 25398),
];

/// The first build in which drivers run from the driver store ("Porting an INF to follow driver package isolation").
pub(super) const WINDOWS_10_1709: u32 = 16299;
const WINDOWS_10_1809: u32 = 17763;
const WINDOWS_10_1903: u32 = 18362;
const WINDOWS_10_2004: u32 = 19041;
const WINDOWS_11: u32 = 22000;
const WINDOWS_11_22H2: u32 = 22621;

/// Directives of a record that may stand more than once all the same.
pub(super) const REPEATED: &[&str] = &["AddReg", "DelReg", "BitReg", "AddTrigger", "Dependencies"];

/// Sections that Windows looks for by name, in lower case. A name that ends in a dot stands for every decoration.
pub(super) const ROOTS: &[(&str, Kind)] = &[
    ("version", Kind::Version),
    ("manufacturer", Kind::Manufacturer),
    ("strings", Kind::Strings),
    ("strings.", Kind::Strings),
    ("sourcedisksnames", Kind::Disks),
    ("sourcedisksnames.", Kind::Disks),
    ("sourcedisksfiles", Kind::SourceFiles),
    ("sourcedisksfiles.", Kind::SourceFiles),
    ("destinationdirs", Kind::Destinations),
    ("controlflags", Kind::Free),
    ("signatureattributes", Kind::Free),
    ("targetcomputers", Kind::Free),
    ("deviceinstall32", Kind::Free),
    ("deviceinstall32.", Kind::Free),
    ("interfaceinstall32", Kind::Free),
    ("classinstall32", Kind::Legacy),
    ("classinstall32.", Kind::Legacy),
];

/// What a device's or primitive driver's install section is followed by, in lower case.
pub(super) const PARTS: &[(&str, Kind)] = &[
    ("", Kind::Install),
    (".hw", Kind::Hardware),
    (".services", Kind::Services),
    (".wdf", Kind::Wdf),
    (".filters", Kind::Filters),
    (".interfaces", Kind::Interfaces),
    (".events", Kind::Free),
    (".components", Kind::Free),
    (".software", Kind::Free),
    (".com", Kind::Free),
    (".wmi", Kind::Free),
    (".coinstallers", Kind::Legacy),
    (".factdef", Kind::Legacy),
    (".logconfigoverride", Kind::Legacy),
    (".posdup", Kind::Legacy),
];

/// Decorations of install sections, in lower case.
pub(super) const PLATFORMS: &[&str] = &["", ".nt", ".ntx86", ".ntia64", ".ntamd64", ".ntarm", ".ntarm64"];
