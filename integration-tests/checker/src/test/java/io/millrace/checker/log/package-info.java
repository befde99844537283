/** The log differ, checked on files that are written here byte by byte. */
@org.jspecify.annotations.NullMarked
package io.millrace.checker.log;
