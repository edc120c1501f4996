//! Compares with recorded answers of redis-server 7.0.15.
