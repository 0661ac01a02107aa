use super::super::tree::{Device, Interface, Layer};
use super::picture;

fn layer(driver: &str, role: &'static str) -> Layer {
    Layer {
        device_object: format!("device object of {driver}"),
        role,
        service: if driver == "middle" { "other" } else { driver }.to_owned(),
        driver: (role != "bus").then(|| format!("{driver}.sys")),
    }
}

fn device(instance: &str, stack: Vec<Layer>, children: Vec<Device>) -> Device {
    Device {
        instance_id: instance.to_owned(),
        description: if stack.is_empty() {
            String::new()
        } else {
            String::from("A <thing> & more")
        },
        hardware_ids: Vec::new(),
        service: None,
        driver: None,
        inf: None,
        extensions: Vec::new(),
        stack,
        interfaces: Vec::new(),
        status: "Started",
        problem: None,
        children,
    }
}

fn tree() -> Device {
    let stack = vec![
        layer("top", "function"),
        layer("middle", "lower filter"),
        layer("PnpManager", "bus"),
    ];
    let mut filtered = device(r"ROOT\FILTERED\0000", stack, Vec::new());
    filtered.interfaces.push(Interface {
        client: String::from("TOP.sys"),
        provider: String::from("middle.sys"),
        guid: String::from("{12345678-1234-1234-1234-123456789ABC}"),
        references: 1,
    });
    let mut disabled = device(
        r"ROOT\DISABLED\0000",
        vec![layer("PnpManager", "bus")],
        Vec::new(),
    );
    disabled.status = "Disabled";
    device(r"HTREE\ROOT\0", Vec::new(), vec![filtered, disabled])
}

#[test]
fn a_small_tree_is_drawn_as_expected() {
    insta::assert_snapshot!(picture(&tree()));
}

#[test]
fn an_interface_of_a_driver_outside_of_the_stack_has_no_arrow() {
    let mut tree = tree();
    assert_eq!(
        picture(&tree).matches("class=\"arrow\"").count(),
        2,
        "with the legend's"
    );
    tree.children[0].interfaces[0].provider = String::from("elsewhere.sys");
    let picture = picture(&tree);
    assert_eq!(picture.matches("class=\"arrow\"").count(), 1);
    assert!(picture.contains("TOP.sys holds an interface of elsewhere.sys"));
}
