//! Replacements for methods whose feature is disabled. A call to a replacement method does not compile, and the compile
//! error names the missing feature. A replacement method has a trait bound on the type of its argument, so the compile
//! error points at the argument. For a module or function whose feature is disabled, rustc's own error already names
//! the feature.

#[cfg(not(feature = "tower"))]
mod tower {
    use crate::{Policy, PolicyHandle};

    #[diagnostic::on_unimplemented(
        message = "`layer` comes with a feature of hardtack that is off",
        label = "needs the feature `axum`, or `tower` for another stack of tower services",
        note = "in Cargo.toml, write `hardtack = {{ version = \"…\", features = [\"axum\"] }}`",
        note = "each other framework has a feature and a module of its own, and no `layer`"
    )]
    pub trait FeatureTower {}

    impl Policy {
        #[doc(hidden)]
        pub fn layer<L: FeatureTower>(&self, _: L) {}
    }

    impl PolicyHandle {
        #[doc(hidden)]
        pub fn layer<L: FeatureTower>(&self, _: L) {}
    }
}

#[cfg(not(feature = "toml"))]
mod toml {
    use crate::Policy;
    use crate::policy::PolicyError;

    #[diagnostic::on_unimplemented(
        message = "`Policy::from_toml` comes with a feature of hardtack that is off",
        label = "needs the feature `toml`",
        note = "in Cargo.toml, write `hardtack = {{ version = \"…\", features = [\"toml\"] }}`"
    )]
    pub trait FeatureToml {}

    impl Policy {
        #[doc(hidden)]
        pub fn from_toml<T: FeatureToml>(_: T) -> Result<Policy, PolicyError> {
            Policy::builder().build()
        }
    }
}
