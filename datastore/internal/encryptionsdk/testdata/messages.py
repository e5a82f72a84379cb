# Writes messages of the AWS Encryption SDK for Python (pip install aws-encryption-sdk==4.0.7) as JSON: see messages_test.go.
import base64, json, sys
import aws_encryption_sdk as sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy, WrappingAlgorithm, EncryptionKeyType
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.base import MasterKeyProvider, MasterKeyProviderConfig, MasterKey, MasterKeyConfig
from aws_encryption_sdk.structures import DataKey, EncryptedDataKey, MasterKeyInfo

ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"

class Config(MasterKeyConfig):
    provider_id = "aws-kms"
    def __init__(self, key_id): super().__init__(key_id=key_id)

class Key(MasterKey):
    """A key that stands for one of KMS: it writes the data key down as it is."""
    provider_id = "aws-kms"
    _config_class = Config
    def _generate_data_key(self, algorithm, encryption_context):
        plain = bytes(range(algorithm.kdf_input_len))
        return DataKey(self.key_provider, plain, b"sealed:" + plain)
    def _encrypt_data_key(self, data_key, algorithm, encryption_context): raise NotImplementedError
    def _decrypt_data_key(self, encrypted_data_key, algorithm, encryption_context): raise NotImplementedError

out = []
for name, algorithm, frame, text in [
    ("0178 one frame", Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256, 4096, "123456"),
    ("0178 no frames", Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256, 0, "123456"),
    ("0378 one frame", Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384, 4096, "123456"),
    ("0378 no frames", Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384, 0, "123456"),
    ("0378 frames", Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384, 128, "Temporary-Passw0rd " * 10),
    ("0378 whole frames", Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384, 128, "0123456789abcdef" * 16),
    ("0478 one frame", Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY, 4096, "123456"),
    ("0478 frames", Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY, 128, "Temporary-Passw0rd " * 10),
    ("0578 one frame", Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384, 4096, "123456"),
    ("0578 frames", Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384, 128, "Temporary-Passw0rd " * 10),
    ("0578 empty", Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384, 4096, ""),
    ("0014 another suite", Algorithm.AES_128_GCM_IV12_TAG16, 4096, "123456"),
]:
    policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT if name[1] in "45" else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    client = sdk.EncryptionSDKClient(commitment_policy=policy)
    message, _ = client.encrypt(source=text.encode(), key_provider=Key(key_id=ARN), algorithm=algorithm,
        frame_length=frame, encryption_context={"userpool-id": "eu-west-1_A1", "ä": "ö"})
    out.append({"name": name, "text": text, "message": base64.b64encode(message).decode()})
json.dump(out, sys.stdout, indent=1)
print()
