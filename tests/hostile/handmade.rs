//! Components that no compiler makes, with ill-formed results and parts that are too large.

use zalouser::sandbox::bindings::inbound::{DropReport, Effect};
use zalouser::sandbox::{Component, Error, Limit};

use super::{NAME, NOW, account, line};
use crate::conformance::SANDBOX;

fn component(name: &str) -> Component {
    let bytes = zalouser_handmade::component(name).expect(name);
    SANDBOX.load(bytes).unwrap_or_else(|err| panic!("{name}: {err}")).named(NAME)
}

async fn pushed(name: &str) -> Result<Vec<Effect>, Error> {
    let mut guest = component(name).instantiate().await?;
    let monitor = guest.monitor(&account("work").await, &[]).await?;
    guest.push(monitor, line("a").as_bytes(), NOW, DropReport::Origin).await
}

#[tokio::test]
async fn what_is_well_formed_is_taken() {
    assert_eq!(pushed("harmless").await.unwrap(), []);
    assert!(matches!(pushed("empty entry").await.unwrap()[..], [Effect::Log(_)]));
}

#[tokio::test]
async fn what_is_too_large_from_the_beginning_does_not_start() {
    for (name, expected) in [
        ("large memory", Limit::Memory),
        ("large table", Limit::Table),
        ("two half tables", Limit::Table),
        ("many tables", Limit::Instances),
        ("endless start", Limit::Time),
    ] {
        let Err(error) = component(name).instantiate().await else { panic!("{name}: it started") };
        assert_eq!(error.limit(), Some(expected), "{name}: {error}");
    }
}

#[tokio::test]
async fn what_grows_or_takes_its_time_ends_at_its_limit() {
    for (name, expected) in [
        ("growing table", Limit::Table),
        ("endless allocation", Limit::Time),
        // Refused before they are read: the host would need some hundred megabytes for them.
        ("effects in all of the memory", Limit::Returned),
    ] {
        let error = pushed(name).await.expect_err(name);
        assert_eq!(error.limit(), Some(expected), "{name}: {error}");
    }
}

#[tokio::test]
async fn what_is_ill_formed_is_refused() {
    for name in [
        "allocation outside of the memory",
        "result outside of the memory",
        "result that is not aligned",
        "list that ends outside of the memory",
        "unknown effect",
        "unknown level",
        "text of a gigabyte",
        "text that is not UTF-8",
    ] {
        let error = pushed(name).await.expect_err(name);
        assert_eq!(error.limit(), None, "{name}: {error}");
        assert!(error.to_string().contains(NAME), "{name}: {error}");
    }
}

#[test]
fn an_interface_that_the_host_does_not_offer_is_named_before_anything_runs() {
    let bytes = zalouser_handmade::component("foreign import").unwrap();
    let Err(error) = SANDBOX.load(bytes) else { panic!("it was loaded") };
    assert!(error.to_string().contains("evil:host/shell@1.0.0"), "{error}");
}
