@NullMarked
package io.millrace.client.cluster;

import org.jspecify.annotations.NullMarked;
