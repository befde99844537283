package io.millrace.coordination.store;

import io.millrace.coordination.v1.ClusterNode;
import io.millrace.wire.SchemaBaseline;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Znodes are read by other releases, and by people: names count as much as numbers. */
class SchemaBaselineTest {
  @Test
  void theSchemaOfZnodesStillFitsItsBaseline() {
    new SchemaBaseline(Path.of("src/test/resources/io/millrace/coordination/schema-v1.txtpb"))
        .assertStillFits(ClusterNode.getDescriptor().getFile());
  }
}
