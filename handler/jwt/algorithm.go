package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
)

// algorithm is one way to sign a token (RFC 7518 section 3.1, RFC 8037, RFC
// 9864), with the only kind of key that may be used for it.
type algorithm struct {
	name  string
	kty   string
	crv   string // "" for RSA
	hash  crypto.Hash
	check func(a *algorithm, key crypto.PublicKey, signed, sig []byte) bool
}

// algorithms are all of them that have a public key. None is looked up by what
// a token says before the configuration has named it; "none" and HMAC, whose
// key would be the public key, do not exist here.
var algorithms = [...]algorithm{
	{"RS256", "RSA", "", crypto.SHA256, checkPKCS1},
	{"RS384", "RSA", "", crypto.SHA384, checkPKCS1},
	{"RS512", "RSA", "", crypto.SHA512, checkPKCS1},
	{"PS256", "RSA", "", crypto.SHA256, checkPSS},
	{"PS384", "RSA", "", crypto.SHA384, checkPSS},
	{"PS512", "RSA", "", crypto.SHA512, checkPSS},
	{"ES256", "EC", "P-256", crypto.SHA256, checkECDSA},
	{"ES384", "EC", "P-384", crypto.SHA384, checkECDSA},
	{"ES512", "EC", "P-521", crypto.SHA512, checkECDSA},
	{"EdDSA", "OKP", "Ed25519", 0, checkEd25519},
	{"Ed25519", "OKP", "Ed25519", 0, checkEd25519},
}

// algorithmOf is the algorithm of that name, nil if there is none.
func algorithmOf(name string) *algorithm {
	for i := range algorithms {
		if algorithms[i].name == name {
			return &algorithms[i]
		}
	}
	return nil
}

// fits reports whether a key may be used for the algorithm.
func (a *algorithm) fits(k *key) bool {
	return a.kty == k.kty && a.crv == k.crv && (k.alg == "" || k.alg == a.name)
}

func (a *algorithm) digest(signed []byte) []byte {
	switch a.hash {
	case crypto.SHA256:
		sum := sha256.Sum256(signed)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(signed)
		return sum[:]
	}
	sum := sha512.Sum512(signed)
	return sum[:]
}

func checkPKCS1(a *algorithm, key crypto.PublicKey, signed, sig []byte) bool {
	public, ok := key.(*rsa.PublicKey)
	return ok && rsa.VerifyPKCS1v15(public, a.hash, a.digest(signed), sig) == nil
}

func checkPSS(a *algorithm, key crypto.PublicKey, signed, sig []byte) bool {
	public, ok := key.(*rsa.PublicKey)
	// RFC 7518 section 3.5: the salt is as long as the hash.
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
	return ok && rsa.VerifyPSS(public, a.hash, a.digest(signed), sig, opts) == nil
}

func checkECDSA(a *algorithm, key crypto.PublicKey, signed, sig []byte) bool {
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	// RFC 7518 section 3.4: r and s side by side, each as long as the order of
	// the curve; not the ASN.1 form.
	size := (public.Curve.Params().BitSize + 7) / 8
	if len(sig) != 2*size {
		return false
	}
	r, s := new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:])
	return ecdsa.Verify(public, a.digest(signed), r, s)
}

func checkEd25519(_ *algorithm, key crypto.PublicKey, signed, sig []byte) bool {
	public, ok := key.(ed25519.PublicKey)
	return ok && len(sig) == ed25519.SignatureSize && ed25519.Verify(public, signed, sig)
}
