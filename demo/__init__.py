"""The demonstration: real shops' data, the people and traffic that go with it, and a storefront."""
