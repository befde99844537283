/** Benchmarks of what this package's owner does most often. */
package io.millrace.rpc;
