package policy

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// ClusterID is the logical id of the parameter that is the ARN of a cluster of Kafka:
// "MainCluster".
func ClusterID(cluster event.ClusterSpec) string { return LogicalID(cluster.Name(), cluster.Kind()) }

// ClusterSecretID and ClusterKeyID are the logical ids of the parameters that are the
// ARNs of the secret by which Lambda logs in to a cluster, and of its key.
func ClusterSecretID(cluster event.ClusterSpec) string { return ClusterID(cluster) + "Secret" }
func ClusterKeyID(cluster event.ClusterSpec) string    { return ClusterID(cluster) + "Key" }

// ClusterName and ClusterUUID are what stands in the Resource of a [Statement] for the
// two last parts of the ARN of its Cluster.
func ClusterName(id string) string { return id + "Name" }
func ClusterUUID(id string) string { return id + "Uuid" }

// kafkaARN is the ARN of what a topic of Kafka needs, for Fn::Sub, and the logical id
// of the cluster if it is made of parts of that one's ARN.
func kafkaARN(spec event.KafkaSpec, need datastore.Need) (text, cluster string) {
	id := ClusterID(spec.Cluster)
	switch {
	case need.Resource == "*":
		return "*", ""
	case need.Resource == "cluster/{name}":
		return "${" + id + "}", ""
	case need.Service == "secretsmanager":
		return "${" + ClusterSecretID(spec.Cluster) + "}", ""
	case need.Service == "kms":
		return "${" + ClusterKeyID(spec.Cluster) + "}", ""
	}
	parts := "${" + ClusterName(id) + "}/${" + ClusterUUID(id) + "}"
	return arn("kafka", strings.ReplaceAll(need.Resource, "{name}", parts)), id
}

// keptFromCode keeps the function's own code from what its role lets Lambda read Kafka
// with: making network interfaces, and reading the password. Requests of code that runs
// in a function carry lambda:SourceFunctionArn, and those of event source mappings do
// not.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
func keptFromCode(f *tier.Function) []Statement {
	var all []Statement
	for _, u := range datastore.Usages(f.Grants()) {
		if _, ok := u.Spec.(event.KafkaSpec); !ok {
			continue
		}
		for _, need := range u.Needs() {
			if need.Service != "ec2" && need.Service != "secretsmanager" {
				continue
			}
			s, _ := statement(u.Spec, need)
			s.Deny, s.Conditions, s.Because = true, []datastore.Condition{fromCode}, causes(u)
			all = with(all, s)
		}
	}
	return all
}
