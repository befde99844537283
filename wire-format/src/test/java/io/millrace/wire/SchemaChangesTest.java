package io.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.TextFormat;
import io.millrace.wire.v1.RecordBatch;
import io.millrace.wire.v1.Request;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * That the schema still fits its baseline; and that the check finds what does not, made up here.
 */
class SchemaChangesTest {
  /** As {@code protoc} describes a small schema with one of everything. */
  private static final String SCHEMA =
      """
      file {
        name: "made/up.proto"
        package: "made.up"
        syntax: "proto3"
        options { java_package: "made.up" }
        message_type {
          name: "Order"
          field { name: "id" number: 1 label: LABEL_OPTIONAL type: TYPE_UINT64 }
          field { name: "note" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING
                  oneof_index: 1 proto3_optional: true }
          field { name: "item" number: 3 label: LABEL_REPEATED type: TYPE_MESSAGE
                  type_name: ".made.up.Order.Item" }
          field { name: "card" number: 4 label: LABEL_OPTIONAL type: TYPE_STRING oneof_index: 0 }
          field { name: "cash" number: 5 label: LABEL_OPTIONAL type: TYPE_UINT32 oneof_index: 0 }
          oneof_decl { name: "payment" }
          oneof_decl { name: "_note" }
          reserved_range { start: 7 end: 9 }
          reserved_name: "colour"
          nested_type {
            name: "Item"
            field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
          }
        }
        enum_type {
          name: "Level"
          value { name: "LEVEL_UNSPECIFIED" number: 0 }
          value { name: "LOW" number: 1 }
          value { name: "HIGH" number: 2 }
          reserved_range { start: 5 end: 6 }
          reserved_name: "MIDDLE"
        }
      }
      """;

  private static FileDescriptorSet parse(String text) {
    try {
      FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
      TextFormat.merge(text, set);
      return set.build();
    } catch (TextFormat.ParseException e) {
      throw new AssertionError(e);
    }
  }

  private static String changed(String from, String to) {
    assertThat(SCHEMA).contains(from);
    return SCHEMA.replace(from, to);
  }

  @Test
  void theWireSchemaStillFitsItsBaseline() {
    new SchemaBaseline(Path.of("src/test/resources/io/millrace/wire/schema-v1.txtpb"))
        .assertStillFits(Request.getDescriptor().getFile(), RecordBatch.getDescriptor().getFile());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "number: 1 label: LABEL_OPTIONAL type: TYPE_UINT64 | number: 6 label: LABEL_OPTIONAL type:"
            + " TYPE_UINT64 | field id = 1 is gone",
        "name: \"id\" | name: \"order_id\" | Order 1: its name was id and is order_id",
        "type: TYPE_UINT64 | type: TYPE_SINT64 | Order 1: its type was TYPE_UINT64",
        "LABEL_REPEATED | LABEL_OPTIONAL | Order 3: its label was LABEL_REPEATED",
        ".made.up.Order.Item | .made.up.Order | the type it refers to was .made.up.Order.Item",
        "number: 4 label: LABEL_OPTIONAL type: TYPE_STRING oneof_index: 0 | number: 4 label:"
            + " LABEL_OPTIONAL type: TYPE_STRING | Order 4: its oneof was payment and is null",
        "number: 1 label: LABEL_OPTIONAL type: TYPE_UINT64 | number: 1 label: LABEL_OPTIONAL type:"
            + " TYPE_UINT64 oneof_index: 0 | Order 1: its oneof was null and is payment",
        "oneof_decl { name: \"payment\" } | oneof_decl { name: \"paid\" } | was payment and is paid",
        "oneof_index: 1 proto3_optional: true | json_name: \"note\" | whether it is optional",
        "number: 2 label: LABEL_OPTIONAL | number: 2 json_name: \"remark\" label: LABEL_OPTIONAL |"
            + " its JSON name was note and is remark",
        "reserved_range { start: 7 end: 9 } | reserved_range { start: 7 end: 8 } | 8 is not reserved",
        "reserved_name: \"colour\" | ` ` | colour is not reserved any more",
        "name: \"Item\" | name: \"Thing\" | message Item is gone",
        "name: \"Order\" | name: \"Purchase\" | message Order is gone",
        "name: \"Level\" | name: \"Grade\" | enum Level is gone",
        "value { name: \"LOW\" number: 1 } | ` ` | value LOW = 1 is gone",
        "name: \"HIGH\" number: 2 | name: \"TOP\" number: 2 | Level 2: was HIGH and is [TOP]",
        "name: \"HIGH\" number: 2 | name: \"HIGH\" number: 3 | value HIGH = 2 is gone",
        "reserved_range { start: 5 end: 6 } | reserved_range { start: 5 end: 5 } | 6 is not reserved",
        "reserved_name: \"MIDDLE\" | ` ` | MIDDLE is not reserved any more",
        "package: \"made.up\" | package: \"made.over\" | its package was made.up",
        "java_package: \"made.up\" | java_package: \"made.over\" | its Java package was made.up",
        "syntax: \"proto3\" | syntax: \"proto2\" | its syntax was proto3",
        "made/up.proto | made/over.proto | the file is gone",
      })
  void findsWhatBreaks(String from, String to, String told) {
    FileDescriptorSet now = parse(changed(from, to));
    assertThat(SchemaChanges.breaking(parse(SCHEMA), now))
        .anySatisfy(line -> assertThat(line).contains(told));
  }

  @Test
  void wantsTheNumberAndTheNameOfAFieldThatIsGoneReserved() {
    String field = "field { name: \"id\" number: 1 label: LABEL_OPTIONAL type: TYPE_UINT64 }";
    String number = "reserved_range { start: 1 end: 2 }";
    String name = "reserved_name: \"id\"";
    for (String half : new String[] {"", number, name}) {
      assertThat(SchemaChanges.breaking(parse(SCHEMA), parse(changed(field, half)))).hasSize(1);
    }
    assertThat(SchemaChanges.breaking(parse(SCHEMA), parse(changed(field, number + name))))
        .isEmpty();
  }

  @Test
  void wantsTheNumberAndTheNameOfAValueThatIsGoneReserved() {
    String value = "value { name: \"LOW\" number: 1 }";
    String number = "reserved_range { start: 1 end: 1 }";
    String name = "reserved_name: \"LOW\"";
    for (String half : new String[] {"", number, name}) {
      assertThat(SchemaChanges.breaking(parse(SCHEMA), parse(changed(value, half)))).hasSize(1);
    }
    assertThat(SchemaChanges.breaking(parse(SCHEMA), parse(changed(value, number + name))))
        .isEmpty();
  }

  @Test
  void additionsBreakNobody() {
    String now =
        SCHEMA
            .replace(
                "oneof_decl { name: \"payment\" }",
                """
                field { name: "coupon" number: 6 label: LABEL_OPTIONAL type: TYPE_STRING
                        oneof_index: 0 }
                field { name: "weight" number: 10 label: LABEL_REPEATED type: TYPE_UINT32 }
                oneof_decl { name: "payment" }
                """)
            .replace(
                "reserved_name: \"MIDDLE\"",
                "value { name: \"TOP\" number: 3 } reserved_name: \"MIDDLE\"")
            .replace(
                "reserved_name: \"colour\"", "reserved_name: \"colour\" reserved_name: \"size\"")
            .replace("enum_type {", "message_type { name: \"Refund\" } enum_type {");
    assertThat(SchemaChanges.breaking(parse(SCHEMA), parse(now))).isEmpty();
    assertThat(SchemaChanges.breaking(parse(SCHEMA), parse(SCHEMA))).isEmpty();
    assertThat(SchemaChanges.breaking(parse(now), parse(SCHEMA))).isNotEmpty();
  }
}
