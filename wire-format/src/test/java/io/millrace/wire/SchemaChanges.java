package io.millrace.wire;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.DescriptorProto.ReservedRange;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto.EnumReservedRange;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What in a schema breaks those who were built with an earlier one: on the wire, on disk, in the
 * JSON of znodes, or in the source of who uses the generated classes. Additions break nobody.
 *
 * <p>A number that is not used any more must be reserved, with its name, so that nobody takes it
 * for something else.
 */
final class SchemaChanges {
  private final List<String> breaking = new ArrayList<>();

  private SchemaChanges() {}

  /** One line for each, for people; none when everything still fits. */
  static List<String> breaking(FileDescriptorSet before, FileDescriptorSet now) {
    SchemaChanges changes = new SchemaChanges();
    Map<String, FileDescriptorProto> files =
        byName(now.getFileList(), FileDescriptorProto::getName);
    for (FileDescriptorProto file : before.getFileList()) {
      FileDescriptorProto same = files.get(file.getName());
      if (same == null) {
        changes.add(file.getName(), "the file is gone");
      } else {
        changes.file(file, same);
      }
    }
    return changes.breaking;
  }

  private static <T> Map<String, T> byName(List<T> all, Function<T, String> name) {
    Map<String, T> map = new LinkedHashMap<>();
    all.forEach(each -> map.put(name.apply(each), each));
    return map;
  }

  private void add(String where, String what) {
    breaking.add(where + ": " + what);
  }

  private void same(String where, String what, @Nullable Object before, @Nullable Object now) {
    if (!Objects.equals(before, now)) {
      add(where, what + " was " + before + " and is " + now);
    }
  }

  private void file(FileDescriptorProto before, FileDescriptorProto now) {
    String where = before.getName();
    same(where, "its package", before.getPackage(), now.getPackage());
    same(where, "its syntax", before.getSyntax(), now.getSyntax());
    same(
        where,
        "its Java package",
        before.getOptions().getJavaPackage(),
        now.getOptions().getJavaPackage());
    messages(where, before.getMessageTypeList(), now.getMessageTypeList());
    enums(where, before.getEnumTypeList(), now.getEnumTypeList());
  }

  private void messages(String where, List<DescriptorProto> before, List<DescriptorProto> now) {
    Map<String, DescriptorProto> byName = byName(now, DescriptorProto::getName);
    for (DescriptorProto message : before) {
      DescriptorProto same = byName.get(message.getName());
      if (same == null) {
        add(where, "message " + message.getName() + " is gone");
      } else {
        message(where + " " + message.getName(), message, same);
      }
    }
  }

  private void message(String where, DescriptorProto before, DescriptorProto now) {
    Map<Integer, FieldDescriptorProto> fields = new LinkedHashMap<>();
    now.getFieldList().forEach(field -> fields.put(field.getNumber(), field));
    for (FieldDescriptorProto field : before.getFieldList()) {
      FieldDescriptorProto same = fields.get(field.getNumber());
      if (same != null) {
        field(where, before, field, now, same);
      } else {
        gone(
            where,
            "field " + field.getName() + " = " + field.getNumber(),
            isReserved(now, field.getNumber())
                && now.getReservedNameList().contains(field.getName()));
      }
    }
    for (ReservedRange range : before.getReservedRangeList()) {
      for (int number = range.getStart(); number < range.getEnd(); number++) {
        reserved(where, String.valueOf(number), isReserved(now, number));
      }
    }
    for (String name : before.getReservedNameList()) {
      reserved(where, name, now.getReservedNameList().contains(name));
    }
    messages(where, before.getNestedTypeList(), now.getNestedTypeList());
    enums(where, before.getEnumTypeList(), now.getEnumTypeList());
  }

  private void gone(String where, String what, boolean isReserved) {
    if (!isReserved) {
      add(where, what + " is gone, and not both its number and its name are reserved");
    }
  }

  private void reserved(String where, String what, boolean isReserved) {
    if (!isReserved) {
      add(where, what + " is not reserved any more");
    }
  }

  private static boolean isReserved(DescriptorProto message, int number) {
    return message.getReservedRangeList().stream()
        .anyMatch(range -> number >= range.getStart() && number < range.getEnd());
  }

  private void field(
      String message,
      DescriptorProto messageBefore,
      FieldDescriptorProto before,
      DescriptorProto messageNow,
      FieldDescriptorProto now) {
    String where = message + " " + before.getNumber();
    same(where, "its name", before.getName(), now.getName());
    same(where, "its JSON name", jsonName(before), jsonName(now));
    same(where, "its type", before.getType(), now.getType());
    same(where, "the type it refers to", before.getTypeName(), now.getTypeName());
    same(where, "its label", before.getLabel(), now.getLabel());
    same(where, "whether it is optional", before.getProto3Optional(), now.getProto3Optional());
    same(where, "its default", before.getDefaultValue(), now.getDefaultValue());
    same(where, "its oneof", oneof(messageBefore, before), oneof(messageNow, now));
    same(where, "how it is packed", before.getOptions().getPacked(), now.getOptions().getPacked());
  }

  private static String jsonName(FieldDescriptorProto field) {
    return field.hasJsonName() ? field.getJsonName() : field.getName();
  }

  /** Null when it is in none that a person wrote. */
  private static @Nullable String oneof(DescriptorProto message, FieldDescriptorProto field) {
    return field.hasOneofIndex() && !field.getProto3Optional()
        ? message.getOneofDecl(field.getOneofIndex()).getName()
        : null;
  }

  private void enums(
      String where, List<EnumDescriptorProto> before, List<EnumDescriptorProto> now) {
    Map<String, EnumDescriptorProto> byName = byName(now, EnumDescriptorProto::getName);
    for (EnumDescriptorProto each : before) {
      EnumDescriptorProto same = byName.get(each.getName());
      if (same == null) {
        add(where, "enum " + each.getName() + " is gone");
      } else {
        values(where + " " + each.getName(), each, same);
      }
    }
  }

  private void values(String where, EnumDescriptorProto before, EnumDescriptorProto now) {
    for (EnumValueDescriptorProto value : before.getValueList()) {
      List<String> names =
          now.getValueList().stream()
              .filter(each -> each.getNumber() == value.getNumber())
              .map(EnumValueDescriptorProto::getName)
              .toList();
      if (names.isEmpty()) {
        gone(
            where,
            "value " + value.getName() + " = " + value.getNumber(),
            isReserved(now, value.getNumber())
                && now.getReservedNameList().contains(value.getName()));
      } else if (!names.contains(value.getName())) {
        add(where + " " + value.getNumber(), "was " + value.getName() + " and is " + names);
      }
    }
    for (EnumReservedRange range : before.getReservedRangeList()) {
      for (long number = range.getStart(); number <= range.getEnd(); number++) {
        reserved(where, String.valueOf(number), isReserved(now, number));
      }
    }
    for (String name : before.getReservedNameList()) {
      reserved(where, name, now.getReservedNameList().contains(name));
    }
  }

  /** Unlike a message's, the ranges of an enum include their end. */
  private static boolean isReserved(EnumDescriptorProto each, long number) {
    return each.getReservedRangeList().stream()
        .anyMatch(range -> number >= range.getStart() && number <= range.getEnd());
  }
}
