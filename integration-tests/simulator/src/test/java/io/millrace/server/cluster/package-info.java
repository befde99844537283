/** What the product decides about damaged copies, opened to the search of states. */
@NullMarked
package io.millrace.server.cluster;

import org.jspecify.annotations.NullMarked;
