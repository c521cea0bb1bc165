@PACKAGE@

/** Calls the code beside it and prints what each call gives: a line with the nonce, the call's number and JSON. */
final class ArrieroDriver {
    private static final Class<?> CODE = @NAME@.class;

    @SuppressWarnings({"unchecked", "rawtypes"})
    static <K, V, M extends java.util.Map<K, V>> M map(M made, Object... pairs) {
        for (int at = 0; at < pairs.length; at += 2) {
            ((java.util.Map) made).put(pairs[at], pairs[at + 1]);
        }
        return made;
    }

    private static void call(int number, StringBuilder out) throws Throwable {
        switch (number) {
@CALLS@
            default:
        }
    }

    /** One step with an object. */
    interface Step {
        void run() throws Throwable;
    }

    private static void step(StringBuilder out, Step step) {
        out.append(out.charAt(out.length() - 1) == '[' ? "" : ", ");
        int before = out.length();
        out.append("[\"value\", ");
        try {
            step.run();
        } catch (Throwable error) {
            out.setLength(before);
            out.append("[\"raised\", ");
            text(out, error.getClass().getName());
        }
        out.append(']');
    }

    private static void put(StringBuilder out, Object value) {
        if (value == null || value instanceof Boolean || value instanceof Long || value instanceof Integer
                || value instanceof Short || value instanceof Byte || value instanceof Double
                || value instanceof Float || value instanceof java.math.BigInteger) {
            out.append(value);
        } else if (value instanceof CharSequence || value instanceof Character) {
            text(out, value.toString());
        } else if (value.getClass().isArray()) {
            int length = java.lang.reflect.Array.getLength(value);
            out.append('[');
            for (int at = 0; at < length; at++) {
                out.append(at > 0 ? ", " : "");
                put(out, java.lang.reflect.Array.get(value, at));
            }
            out.append(']');
        } else if (value instanceof java.util.Optional) {
            put(out, ((java.util.Optional<?>) value).orElse(null));
        } else if (value instanceof java.util.Map) {
            String between = "";
            out.append("{\"m\": [");
            for (java.util.Map.Entry<?, ?> one : ((java.util.Map<?, ?>) value).entrySet()) {
                out.append(between).append('[');
                put(out, one.getKey());
                out.append(", ");
                put(out, one.getValue());
                out.append(']');
                between = ", ";
            }
            out.append("]}");
        } else if (value instanceof Iterable) {
            String between = "";
            out.append('[');
            for (Object one : (Iterable<?>) value) {
                out.append(between);
                put(out, one);
                between = ", ";
            }
            out.append(']');
        } else {
            out.append("{\"o\": ");
            text(out, value.getClass().getName());
            out.append('}');
        }
    }

    private static void text(StringBuilder out, String value) {
        out.append('"');
        for (int at = 0; at < value.length(); at++) {
            char sign = value.charAt(at);
            if (sign == '"' || sign == '\\' || sign < 32 || Character.isSurrogate(sign)) {
                out.append(String.format("\\u%04x", (int) sign));
            } else {
                out.append(sign);
            }
        }
        out.append('"');
    }

    public static void main(String[] words) throws Exception {
        java.io.OutputStream told = new java.io.FileOutputStream(java.io.FileDescriptor.out);
        int end = words.length > 2 ? Integer.parseInt(words[2]) : @COUNT@;
        for (int number = words.length > 1 ? Integer.parseInt(words[1]) : 0; number < end; number++) {
            StringBuilder out = new StringBuilder();
            String how = "value";
            try {
                call(number, out);
            } catch (Throwable error) {
                how = "raised";
                out.setLength(0);
                text(out, error.toString());
            }
            System.out.flush();
            String line = "\n" + words[0] + " " + number + " " + how + " " + out + "\n";
            told.write(line.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            told.flush();
        }
        told.flush();
        Runtime.getRuntime().halt(0);
    }
}
