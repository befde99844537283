/** Tests of the consumer, in virtual time against brokers that obey a script. */
@NullMarked
package io.millrace.client.consumer;

import org.jspecify.annotations.NullMarked;
