//! Facts about other objects.
