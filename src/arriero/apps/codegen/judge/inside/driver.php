<?php
// Calls the code of @CODE@ and prints what each call gives: a line with the nonce, the call's number and JSON.

final class ArrieroDriver
{
    private static array $words = [];
    private static array $calls = [];
    private static mixed $out = null;
    private static bool $begun = false;
    public static ?Throwable $broken = null;

    public static function open(array $calls): void
    {
        global $argv, $argc;
        self::$words = $argv;
        self::$calls = $calls;
        self::$out = fopen('php://stdout', 'w');
        $argv = $_SERVER['argv'] = [__DIR__ . '/@CODE@'];
        $argc = $_SERVER['argc'] = 1;
        // What PHP only warns of changes no result, and said often enough it would reach the limit of output.
        set_error_handler(static function (int $kind, string $said): bool {
            if ($kind & (E_USER_ERROR | E_RECOVERABLE_ERROR)) {
                throw new ErrorException($said, 0, $kind); // it would end the program, as what PHP refuses does
            }
            return true;
        });
        // Code that ends itself as soon as it was read is called all the same.
        register_shutdown_function(function (): void {
            if (!self::$begun && error_get_last() === null) {
                self::run();
            }
        });
    }

    public static function run(): void
    {
        self::$begun = true;
        $end = (int) (self::$words[3] ?? @COUNT@);
        for ($number = (int) (self::$words[2] ?? 0); $number < $end; $number++) {
            $how = 'value';
            try {
                if (self::$broken !== null) {
                    throw self::$broken;
                }
                $told = (self::$calls[$number])();
            } catch (Throwable $error) {
                $how = 'raised';
                $told = self::text(get_class($error) . ': ' . $error->getMessage());
            }
            fwrite(self::$out, "\n" . self::$words[1] . " $number $how $told\n");
        }
    }

    public static function steps(object $one, ?object $other, array $steps): string
    {
        $came = [];
        foreach ($steps as $step) {
            try {
                $came[] = '["value", ' . self::json($step($one, $other)) . ']';
            } catch (Throwable $error) {
                $came[] = '["raised", ' . self::text(self::name($error)) . ']';
            }
        }
        return '[' . implode(', ', $came) . ']';
    }

    public static function json(mixed $value, int $depth = 0): string
    {
        if (is_float($value) && !is_finite($value)) {
            return is_nan($value) ? 'NaN' : ($value < 0 ? '-Infinity' : 'Infinity');
        }
        if ($value === null || is_scalar($value)) {
            return is_string($value) ? self::text($value) : json_encode($value, JSON_PRESERVE_ZERO_FRACTION);
        }
        if (is_object($value) && !$value instanceof stdClass || is_resource($value) || $depth > 100) {
            return '{"o": ' . self::text(get_debug_type($value)) . '}';
        }
        $items = [];
        if (is_array($value) && array_is_list($value)) {
            foreach ($value as $item) {
                $items[] = self::json($item, $depth + 1);
            }
            return '[' . implode(', ', $items) . ']';
        }
        foreach ((array) $value as $key => $item) {
            $items[] = '[' . self::json($key) . ', ' . self::json($item, $depth + 1) . ']';
        }
        return '{"m": [' . implode(', ', $items) . ']}';
    }

    /** A name that the code uses and nobody declares: PHP has no class of its own for it. */
    private static function name(Throwable $error): string
    {
        $lost = '/^(?:Call to undefined (?:function|method)|Class ".*" not found|Undefined constant)/';
        return get_class($error) === 'Error' && preg_match($lost, $error->getMessage()) ? 'NameError' : get_class($error);
    }

    private static function text(string $value): string
    {
        return json_encode($value, JSON_INVALID_UTF8_SUBSTITUTE);
    }
}

ArrieroDriver::open([
@CALLS@
]);
try {
    require __DIR__ . '/@CODE@';  // here, so that its variables are global ones
} catch (ParseError $error) {
    throw $error;
} catch (Throwable $error) {
    if (str_starts_with($error->getMessage(), 'Failed opening required')) {
        throw $error;
    }
    ArrieroDriver::$broken = $error;
}
ArrieroDriver::run();
