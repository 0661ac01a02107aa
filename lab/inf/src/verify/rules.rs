//! The rules, each with its name, its source and what it weighs with `/k`, `/u` and `/w`.
//!
//! Numbers and weights are those of the page "INF Validation Errors and Warnings" for `InfVerif` 10.0.26200.

use super::rule::{Rule, Source};

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $source:ident($at:literal), $levels:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[doc = ""]
            #[doc = concat!("Source: ", stringify!($source), " ", $at, ".")]
            pub const $name: Rule = Rule {
                id: $id,
                text: concat!($($doc),+),
                source: Source::$source($at),
                levels: *$levels,
            };
        )+
        /// Every rule, in the order of the checks.
        pub const ALL: &[Rule] = &[$($name),+];
    };
}

rules! {
    /// A line does not parse, or a value or section name is too long.
    SYNTAX = "syntax", InfVerif(1002), b"EEE";
    /// The file is neither ASCII (which every ANSI code page shares) nor UTF-16 with the lower byte first.
    ENCODING = "encoding", InfVerif(1003), b"EEE";
    /// A `%token%` that `[Strings]` does not define.
    UNDEFINED_STRING = "undefined-string", InfVerif(1235), b"EEE";
    /// A `[Strings]` section or a file list has the same entry twice.
    DUPLICATE_ENTRY = "duplicate-entry", InfVerif(1294), b"EEE";
    /// A language's `[Strings.LanguageID]` has not the strings of `[Strings]`.
    STRINGS_DIFFER = "strings-differ", InfVerif(1295), b"EEE";
    /// A section stands in the file twice.
    SECTION_TWICE = "section-twice", InfVerif(1209), b"EEE";
    /// A `$ARCH$` that stampinf has not replaced.
    UNSTAMPED_ARCH = "unstamped-arch", InfVerif(1274), b"EEE";
    /// A `$KMDFVERSION$` that stampinf has not replaced.
    UNSTAMPED_VERSION = "unstamped-version", Page("wdf/specifying-wdf-directives-in-inf-files"), b"EEE";

    /// There is no `[Version]` section, or its signature is no Windows signature.
    SIGNATURE = "signature", InfVerif(1001), b"EEE";
    /// `[Version]` misses `Class`, `ClassGuid`, `Provider` or `DriverVer`.
    VERSION_DIRECTIVE = "version-directive", InfVerif(1234), b"EEE";
    /// `[Version]` names no catalog, so the package cannot be signed.
    CATALOG_MISSING = "catalog-missing", InfVerif(1233), b"EEE";
    /// The name of the catalog is not of the form `name.cat`.
    CATALOG_NAME = "catalog-name", InfVerif(1214), b"EEE";
    /// A catalog stands under `[SourceDisksFiles]`.
    CATALOG_LISTED = "catalog-listed", InfVerif(1213), b"EEE";
    /// `ClassGuid` is no GUID in braces.
    CLASS_GUID_FORM = "class-guid-form", InfVerif(1010), b"EEE";
    /// `Class` is not the class that `ClassGuid` stands for.
    CLASS_NAME = "class-name", InfVerif(1280), b"EEE";
    /// `ClassGuid` is not that of the well-known `Class`.
    CLASS_GUID = "class-guid", InfVerif(1281), b"EEE";
    /// The class is Microsoft's: "Sample" stands for a class that the author of a driver has to choose.
    CLASS_RESERVED = "class-reserved", InfVerif(1284), b"EEE";
    /// The name of the class has more than 31 characters.
    CLASS_LONG = "class-long", InfVerif(1286), b"EEE";
    /// A `[ClassInstall32]` for a class of the system.
    CLASS_INSTALL = "class-install", InfVerif(1285), b"EEE";
    /// The provider calls itself Microsoft.
    PROVIDER_MICROSOFT = "provider-microsoft", InfVerif(1204), b"EEE";
    /// The version in `DriverVer` is not four numbers from 0 to 65535, or is 0.0.0.0.
    DRIVER_VERSION = "driver-version", InfVerif(1217), b"EEE";
    /// The date in `DriverVer` is not month/day/year.
    DRIVER_DATE = "driver-date", InfVerif(1218), b"EEE";
    /// `PnpLockdown` is not 1, so that programs may change the installed files.
    PNP_LOCKDOWN = "pnp-lockdown", InfVerif(1324), b"WWE";
    /// An extension INF without `ExtensionId`.
    EXTENSION_ID_MISSING = "extension-id-missing", InfVerif(1381), b"EEE";
    /// `ExtensionId` is no GUID in braces.
    EXTENSION_ID = "extension-id", InfVerif(1380), b"EEE";

    /// A directive names a section that is not there.
    SECTION_NOT_FOUND = "section-not-found", InfVerif(1203), b"EEE";
    /// A directive needs the name of a section and has none.
    SECTION_NAME_MISSING = "section-name-missing", InfVerif(1005), b"EEE";
    /// A directive without its value.
    VALUE_MISSING = "value-missing", InfVerif(1006), b"EEE";
    /// Two different directives name the same section.
    SECTION_SHARED = "section-shared", InfVerif(1205), b"WWW";
    /// Directives that need different kinds of section name the same one.
    SECTION_KIND = "section-kind", InfVerif(1206), b"EEE";
    /// A directive that its section does not know.
    UNKNOWN_DIRECTIVE = "unknown-directive", InfVerif(1290), b"EEE";
    /// A directive stands twice where only one takes effect.
    DIRECTIVE_TWICE = "directive-twice", InfVerif(1088), b"EEE";
    /// A section that nothing refers to.
    SECTION_UNUSED = "section-unused", InfVerif(2083), b"WWW";
    /// A section of the time before declarative INFs: co-installers, class installers, resource overrides.
    LEGACY_SECTION = "legacy-section", InfVerif(1300), b"EEE";
    /// A directive of the time before declarative INFs, such as `LogConfig` or `RegisterDlls`.
    LEGACY_DIRECTIVE = "legacy-directive", InfVerif(1301), b"EEE";
    /// A directive that removes or changes what is there; Windows removes a driver's own things by itself.
    NOT_ADDITIVE = "not-additive", InfVerif(1308), b"WEE";
    /// `Needs` names a section of another INF, and no `Include` names that INF.
    NEEDS_WITHOUT_INCLUDE = "needs-without-include", InfVerif(1315), b"EEE";

    /// An entry of `[Manufacturer]` without the name of a models section.
    MODELS_NAME = "models-name", InfVerif(1011), b"EEE";
    /// A target decoration that is not `NT[Architecture][.Major[.Minor[.ProductType[.SuiteMask[.Build]]]]]`.
    TARGET_DECORATION = "target-decoration", InfVerif(1287), b"EEE";
    /// A decoration with a build number from before 14310, where build numbers begin.
    TARGET_BUILD = "target-build", InfVerif(1288), b"EEE";
    /// A decoration with a product type or a suite mask, which a universal INF does not have.
    TARGET_PRODUCT = "target-product", Page("install/using-a-universal-inf-file"), b"WEE";
    /// A models section without the architecture in its decoration, which means x86.
    TARGET_ARCHITECTURE = "target-architecture", InfVerif(2010), b"WWW";
    /// A device without the name of its install section.
    INSTALL_NAME = "install-name", InfVerif(1271), b"EEE";
    /// A device whose install section is not there.
    INSTALL_NOT_FOUND = "install-not-found", InfVerif(1261), b"EEE";
    /// A device driver without any hardware ID.
    NO_HARDWARE_ID = "no-hardware-id", InfVerif(1297), b"EEE";
    /// Both `[Manufacturer]` and `[DefaultInstall]`.
    DEVICE_AND_PRIMITIVE = "device-and-primitive", InfVerif(1212), b"EEE";
    /// Neither `[Manufacturer]` nor `[DefaultInstall]`: nothing is installed.
    NOTHING_INSTALLED = "nothing-installed", Page("install/inf-manufacturer-section"), b"EEE";
    /// A device that gets no function driver.
    NO_SERVICE = "no-service", InfVerif(1296), b"EEE";
    /// What a section uses is newer than the oldest Windows that the models section admits.
    OS_VERSION = "os-version", InfVerif(1199), b"EEE";
    /// A `[DefaultInstall]` without the architecture in its decoration.
    PRIMITIVE_ARCHITECTURE = "primitive-architecture", InfVerif(1421), b"EEE";
    /// A `[DefaultUninstall]` without `LegacyUninstall=1`; Windows undoes a primitive driver by itself.
    PRIMITIVE_UNINSTALL = "primitive-uninstall", InfVerif(1422), b"EEE";

    /// A file that is copied is not under `[SourceDisksFiles]`.
    SOURCE_MISSING = "source-missing", InfVerif(1230), b"EEE";
    /// A file is under `[SourceDisksFiles]` and never copied, so that the signed package does not hold it.
    SOURCE_UNUSED = "source-unused", Page("install/inf-sourcedisksfiles-section"), b"WWW";
    /// The disk of a file is no number.
    DISK_ID = "disk-id", InfVerif(1008), b"EEE";
    /// The disk of a file is not under `[SourceDisksNames]`.
    DISK_MISSING = "disk-missing", InfVerif(1273), b"EEE";
    /// A file is listed under its compressed name, which ends in an underscore.
    SOURCE_COMPRESSED = "source-compressed", InfVerif(1231), b"WEE";
    /// A list of files has no destination under `[DestinationDirs]`.
    DESTINATION_MISSING = "destination-missing", InfVerif(1275), b"EEE";
    /// The destination of a list of files is no number.
    DESTINATION_DIRID = "destination-dirid", InfVerif(1243), b"EEE";
    /// Files are copied to another place than the driver store, DIRID 13.
    DESTINATION_NOT_ISOLATED = "destination-not-isolated", InfVerif(1322), b"--E";
    /// Files are copied to a place that a universal INF may not use.
    DESTINATION_NOT_SYSTEM = "destination-not-system", InfVerif(1306), b"WE-";
    /// A file gets another name or folder in the driver store than it has in the package.
    STORE_RENAME = "store-rename", InfVerif(1100), b"EEE";
    /// Two different files are copied to the same place.
    DESTINATION_TWICE = "destination-twice", InfVerif(1330), b"EEE";
    /// `CopyINF` names what is no INF.
    COPY_INF = "copy-inf", InfVerif(1110), b"EEE";

    /// Two services of a device have the flag `SPSVCINST_ASSOCSERVICE`.
    TWO_FUNCTION_DRIVERS = "two-function-drivers", InfVerif(1211), b"EEE";
    /// A service whose install section is not there.
    SERVICE_NOT_FOUND = "service-not-found", InfVerif(2006), b"EEE";
    /// A service-install section misses `ServiceType`, `StartType`, `ErrorControl` or `ServiceBinary`.
    SERVICE_DIRECTIVE = "service-directive", InfVerif(1289), b"EEE";
    /// `ServiceType`, `StartType` or `ErrorControl` is no such value.
    SERVICE_VALUE = "service-value", InfVerif(1014), b"EEE";
    /// The flags of `AddService` or `AddFilter` are no number, or no flags that it has.
    DIRECTIVE_FLAGS = "directive-flags", InfVerif(1083), b"EEE";
    /// The function driver's service is disabled.
    SERVICE_DISABLED = "service-disabled", InfVerif(1251), b"WWW";
    /// A Plug and Play driver that the service control manager starts.
    SERVICE_START = "service-start", Page("install/inf-addservice-directive"), b"WWW";
    /// The service without a name, which means no driver, has an install section.
    SERVICE_UNNAMED = "service-unnamed", InfVerif(1272), b"EEE";
    /// `AddService` has neither a name nor the flag that makes that mean "no driver".
    SERVICE_NAME = "service-name", InfVerif(1253), b"EEE";
    /// `ServiceBinary` is not a path under a DIRID.
    BINARY_PATH = "binary-path", InfVerif(2085), b"EEE";
    /// `ServiceBinary` is not a file that the package copies there.
    BINARY_NOT_COPIED = "binary-not-copied", InfVerif(2084), b"WWE";
    /// The event log of a service is none of System, Security and Application.
    EVENT_LOG = "event-log", InfVerif(1250), b"EEE";
    /// An extension INF has a service with `SPSVCINST_ASSOCSERVICE`: the function driver belongs to the base INF.
    EXTENSION_FUNCTION_DRIVER = "extension-function-driver", InfVerif(1383), b"EEE";

    /// A kernel driver of a device that no `KmdfService` names. A WDM driver has none; a KMDF driver without it gets the framework
    /// version that is there.
    WDF_SECTION = "wdf-section", Page("install/inf-ddinstall-wdf-section"), b"WWW";
    /// `KmdfService` names a service that the section does not add.
    WDF_SERVICE = "wdf-service", Page("wdf/specifying-wdf-directives-in-inf-files"), b"EEE";
    /// The section that `KmdfService` names has no `KmdfLibraryVersion`.
    WDF_VERSION_MISSING = "wdf-version-missing", InfVerif(1084), b"EEE";
    /// `KmdfLibraryVersion` is not `1.minor`.
    WDF_VERSION = "wdf-version", InfVerif(1081), b"EEE";

    /// A root that the registry does not have.
    REGISTRY_ROOT = "registry-root", InfVerif(1224), b"EEE";
    /// A key outside of HKR, in a package that has to be isolated.
    KEY_NOT_ISOLATED = "key-not-isolated", InfVerif(1320), b"--E";
    /// A value outside of HKR, in a package that has to be isolated.
    VALUE_NOT_ISOLATED = "value-not-isolated", InfVerif(1321), b"--E";
    /// A value outside of HKR; COM and Media Foundation have places that a universal INF may use.
    KEY_NOT_RELATIVE = "key-not-relative", InfVerif(1304), b"WE-";
    /// A key below `HKLM\SYSTEM` that is not below `CurrentControlSet`.
    CONTROL_SET = "control-set", InfVerif(1222), b"EEE";
    /// A value in the key of a service that is not below `Parameters`.
    SERVICE_PARAMETERS = "service-parameters", InfVerif(1323), b"--E";
    /// A co-installer or class installer, by the registry.
    CO_INSTALLER = "co-installer", InfVerif(1303), b"EEE";
    /// A value is appended to a multi-string, so that the result depends on what was there.
    MULTI_STRING_APPEND = "multi-string-append", InfVerif(1305), b"WEE";
    /// The append flag on a value that is no multi-string.
    APPEND_TYPE = "append-type", InfVerif(1265), b"EEE";
    /// A value or key is deleted; Windows removes a driver's own keys by itself.
    REGISTRY_DELETE = "registry-delete", InfVerif(1309), b"WEE";
    /// Flags or DWORD data that are no number.
    REGISTRY_NUMBER = "registry-number", InfVerif(1268), b"EEE";
    /// Binary data that are not bytes.
    REGISTRY_BINARY = "registry-binary", InfVerif(1267), b"EEE";
    /// A filter by `UpperFilters` or `LowerFilters`; `AddFilter` does that.
    FILTER_BY_REGISTRY = "filter-by-registry", InfVerif(1329), b"--E";
    /// The same in an extension INF, where the order of the filters then depends on the order of installation.
    EXTENSION_FILTER = "extension-filter", InfVerif(1384), b"WWW";

    /// A filter with both `FilterLevel` and `FilterPosition`.
    FILTER_BOTH = "filter-both", InfVerif(1087), b"EEE";
    /// A filter with neither.
    FILTER_NEITHER = "filter-neither", Page("install/inf-addfilter-directive"), b"EEE";
    /// A `FilterPosition` that is neither Upper nor Lower.
    FILTER_POSITION = "filter-position", Page("install/inf-addfilter-directive"), b"EEE";
    /// A filter whose service the INF does not add: it has to be there already.
    FILTER_SERVICE = "filter-service", Page("install/inf-addfilter-directive"), b"WWW";
    /// An extension INF defines filter levels, which only the base INF may.
    EXTENSION_LEVELS = "extension-levels", Page("develop/device-filter-driver-ordering"), b"EEE";
}
