package schema

import (
	"errors"
	"strconv"
	"unsafe"
)

// number consumes a number and returns its text.
func (s *state) number() []byte {
	s.peek()
	b, start := s.b, s.i
	i := start
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	case i < len(b) && b[i]-'1' < 9:
		i = digits(b, i)
	default:
		s.fail("a value is missing")
		return nil
	}
	if i < len(b) && b[i] == '.' {
		if s.i = i + 1; digits(b, s.i) == s.i {
			s.fail("a digit is missing in a number")
			return nil
		}
		i = digits(b, s.i)
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if s.i = i; digits(b, i) == i {
			s.fail("a digit is missing in a number")
			return nil
		}
		i = digits(b, i)
	}
	s.i = i
	return b[start:i]
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	return i
}

// startsNumber reports whether a number stands here.
func (s *state) startsNumber() bool {
	c := s.peek()
	return c == '-' || c-'0' < 10
}

// small reads a whole number of up to 18 digits, the most common kind, in one
// step; else it consumes nothing.
func (s *state) small() (n int64, ok bool) {
	s.peek()
	b, i := s.b, s.i
	neg := i < len(b) && b[i] == '-'
	if neg {
		i++
	}
	start := i
	for i < len(b) && b[i]-'0' < 10 && i-start < 19 {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	switch {
	case i == start, i-start > 18, b[start] == '0' && i-start > 1:
		return 0, false
	case i < len(b) && (b[i] == '.' || b[i]|0x20 == 'e'):
		return 0, false
	}
	s.i = i
	if neg {
		n = -n
	}
	return n, true
}

const notInteger, notNumber, outOfRange = "must be a whole number", "must be a number", "is out of range"

func (s *state) int(bits int) (int64, bool) {
	n, ok := s.small()
	if !ok {
		if !s.startsNumber() {
			s.mismatch(notInteger)
			return 0, false
		}
		var err error
		if n, err = strconv.ParseInt(str(s.number()), 10, 64); err != nil {
			s.raise("type", numberProblem(err, notInteger+", without point or exponent"))
			return 0, false
		}
	}
	if shift := 64 - bits; n<<shift>>shift != n {
		s.raise("type", outOfRange)
		return 0, false
	}
	return n, true
}

func (s *state) uint(bits int) (uint64, bool) {
	if n, ok := s.small(); ok && n > 0 {
		if bits < 64 && uint64(n)>>bits != 0 {
			s.raise("type", outOfRange)
			return 0, false
		}
		return uint64(n), true
	} else if ok && n < 0 {
		s.raise("type", "must not be negative")
		return 0, false
	} else if ok {
		return 0, true
	}
	if !s.startsNumber() {
		s.mismatch(notInteger)
		return 0, false
	}
	n, err := strconv.ParseUint(str(s.number()), 10, bits)
	if err != nil {
		s.raise("type", numberProblem(err, notInteger+", without point or exponent"))
		return 0, false
	}
	return n, true
}

func numberProblem(err error, wrongType string) string {
	if errors.Is(err, strconv.ErrRange) {
		return outOfRange
	}
	return wrongType
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func (s *state) float(bits int) (float64, bool) {
	if !s.startsNumber() {
		s.mismatch(notNumber)
		return 0, false
	}
	text := s.number()
	if bits == 64 {
		if f, ok := exact(text); ok {
			return f, true
		}
	}
	f, err := strconv.ParseFloat(str(text), bits)
	if err != nil {
		s.raise("type", outOfRange)
		return 0, false
	}
	return f, true
}

// exact reads a plain decimal of up to 15 digits: both its digits and the power
// of ten are exact floats, so that their quotient is the nearest float.
func exact(text []byte) (float64, bool) {
	if len(text) > 16 || len(text) == 0 || text[0] == '-' {
		return 0, false
	}
	mantissa, count, fraction, point := uint64(0), 0, 0, false
	for _, c := range text {
		switch {
		case c-'0' < 10:
			mantissa = mantissa*10 + uint64(c-'0')
			if count++; point {
				fraction++
			}
		case c == '.':
			point = true
		default:
			return 0, false
		}
	}
	if count > 15 {
		return 0, false
	}
	return float64(mantissa) / pow10[fraction], true
}

// store writes n to the integer of these bits at at.
func store(at unsafe.Pointer, bits int, n uint64) {
	switch bits {
	case 8:
		*(*uint8)(at) = uint8(n)
	case 16:
		*(*uint16)(at) = uint16(n)
	case 32:
		*(*uint32)(at) = uint32(n)
	default:
		*(*uint64)(at) = n
	}
}

// storeFloat writes f to the float of these bits at at.
func storeFloat(at unsafe.Pointer, bits int, f float64) {
	if bits == 32 {
		*(*float32)(at) = float32(f)
		return
	}
	*(*float64)(at) = f
}
