/** The checker, checked: it must find what is wrong, and nothing else. */
@org.jspecify.annotations.NullMarked
package io.millrace.checker;
