# Calls the code of @CODE@ and prints what each call gives: a line with the nonce, the call's number and JSON.

module ArrieroDriver
  CODE = File.join(__dir__, "@CODE@")
  OUT = IO.for_fd(1, "wb", autoclose: false)
  WORDS = ARGV.dup
  ARGV.clear
  OUT.sync = true

  def self.read
    load CODE
    nil
  rescue SyntaxError, LoadError => error
    where = error.is_a?(SyntaxError) ? error.message : error.backtrace.to_a.find { |line| line.start_with?(CODE) }.to_s
    return error unless where.start_with?(CODE)

    STDERR.puts(error.is_a?(SyntaxError) ? where : "#{where}: #{error.message} (LoadError)")
    exit!(1)
  rescue SystemExit
    nil # code that ends itself as soon as it was read is called all the same
  rescue Exception => error
    error
  end

  def self.run(broken, calls)
    (WORDS.fetch(1, 0).to_i...WORDS.fetch(2, @COUNT@).to_i).each do |number|
      how = "value"
      begin
        raise broken if broken
        told = calls[number].call
      rescue SystemExit, SignalException, NoMemoryError
        raise
      rescue Exception => error
        how = "raised"
        told = text("#{error.class}: #{error.message}")
      end
      OUT.write("\n#{WORDS[0]} #{number} #{how} #{told}\n")
    end
    exit!(0)
  end

  # What the block gives; where that is nil and an argument was changed, the first of these.
  def self.changing(args)
    before = Marshal.load(Marshal.dump(args))
    got = yield
    changed = got.nil? ? args.each_index.find { |at| args[at] != before[at] } : nil
    json(changed ? args[changed] : got)
  end

  def self.steps(steps)
    came = steps.map do |step|
      "[\"value\", #{json(step.call)}]"
    rescue StandardError, NotImplementedError, SystemStackError => error
      "[\"raised\", #{text(error.class.to_s)}]"
    end
    "[#{came.join(", ")}]"
  end

  def self.json(value, depth = 0)
    return "{\"o\": \"what nests too deep\"}" if depth > 100

    case value
    when nil then "null"
    when true, false, Integer then value.to_s
    when Float then value.nan? ? "NaN" : value.to_s
    when String, Symbol then text(value.to_s)
    when Array then "[#{value.map { |one| json(one, depth + 1) }.join(", ")}]"
    when Hash then "{\"m\": [#{value.map { |key, one| "[#{json(key, depth + 1)}, #{json(one, depth + 1)}]" }.join(", ")}]}"
    else
      return json(value.to_a, depth) if defined?(::Set) && value.is_a?(::Set)

      "{\"o\": #{text(value.class.to_s)}}"
    end
  end

  def self.text(value)
    value = value.dup.force_encoding(Encoding::UTF_8) if value.encoding == Encoding::BINARY
    plain = value.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    quoted = plain.gsub(/["\\]|[^ -~]/) do |sign|
      sign.encode(Encoding::UTF_16BE).unpack("n*").map { |unit| Kernel.format("\\u%04x", unit) }.join
    end
    "\"#{quoted}\""
  end
end

ArrieroDriver.run(ArrieroDriver.read, [
@CALLS@
])
