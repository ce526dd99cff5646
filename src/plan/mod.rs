//! Match, mutate (settle), validate: what the policies want of one object.
