/**
 * What clients did and saw, as lines of text: the grammar stands in {@link
 * io.millrace.checker.history.HistoryText}. Depends on the JDK only.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.checker.history;
