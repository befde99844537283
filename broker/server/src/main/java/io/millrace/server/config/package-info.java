/**
 * What an operator may set: the declared keys, the readers of the places they are set in, and one
 * small record per component that uses them.
 *
 * <p>Values only; no thread owns anything here. Nothing is read from the outside: the file's bytes,
 * the environment and the command line's pairs come as arguments. A key is declared once, in {@link
 * io.millrace.server.config.BrokerKeys} or {@link io.millrace.server.config.TopicKeys}, with unit,
 * default, bounds and the reason why it exists; {@code conf/broker.properties} is held against that
 * table by a test. What is unknown or out of bounds stops the start with a {@link
 * io.millrace.server.config.SettingProblem} and never falls back to a default.
 */
@NullMarked
package io.millrace.server.config;

import org.jspecify.annotations.NullMarked;
