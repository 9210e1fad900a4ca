#!/usr/bin/env bash
# Everything from survey tables to reports: models, scores, experiments. Hours on two cores; each
# step is resumable, and what is done is not done again.
#
#   train/reproduce.sh           all of it
#   train/reproduce.sh --quick   a small version of every table, in runs/
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"
settings=train/settings
if [[ $# -gt 1 || ( $# -eq 1 && "$1" != "--quick" ) ]]; then
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

step() { # step NAME COMMAND...: run it unless it is done, and note the minutes it took
    local name="$1" done="runs/done/$1" began
    shift
    if [[ -e "$done" ]]; then
        echo "== $name: done ($(cat "$done") minutes)"
        return
    fi
    echo "== $name: $*"
    began=$SECONDS
    "$@"
    mkdir -p runs/done
    echo $(((SECONDS - began) / 60)) >"$done"
}

train() { # train SCRIPT SETTINGS [name=value...]
    local script="$1" file="$2"
    shift 2
    "$python" -m "train.$script" "$settings/$file.toml" ${@+--set "$@"}
}

if [[ "${1:-}" == "--quick" ]]; then
    quick=runs/quick
    small=(layers=2 width=64 feed_forward=192 'shares=[0.25, 0.25]')
    plain=(heads=1 batch_tokens=1500 fast=false)
    step quick_tokenizer "$python" -m train.train_tokenizer "$settings/tokenizer.toml"
    step quick_markov "$python" -m train.fit_markov "$settings/markov.toml"
    step quick_career train train_career career out=$quick/career "${small[@]}" heads=2 epochs=4
    step quick_language_model train train_language_model language_model \
        out=$quick/language_model "${small[@]}" "${plain[@]}" epochs=4
    step quick_taught train train_language_model language_model_taught \
        out=$quick/taught start=$quick/language_model/best "teachers=[\"$quick/career/best\"]" \
        "${small[@]}" "${plain[@]}" epochs=1
    models=("$quick/taught/best" "$quick/career/best" runs/markov/best)
    names=$(printf '"%s", ' "${models[@]}")
    step quick_scores "$python" -m train.score_models "${models[@]}" --split valid test \
        --out $quick/scores
    step quick_reports train write_reports reports "models=[$names]" scores=$quick/scores \
        out=$quick/reports "pairs=[\"${models[0]} against ${models[1]}\"]"
    step quick_membership "$python" -m train.check_membership "${models[@]}" --workers 100 \
        --audited 20 --out $quick/reports
    # Models so small gain nothing from a second thread: one core for these, one for those.
    export OMP_NUM_THREADS=1
    experiments=("$python" -m train.run_experiments "$settings/experiments.toml" --quick --only)
    step quick_titles_tuning "${experiments[@]}" titles tuning &
    step quick_other_experiments "${experiments[@]}" sizes pooling truncation structure seeds
    wait $!
    exit
fi

# Models
step tokenizer "$python" -m train.train_tokenizer "$settings/tokenizer.toml"
step markov "$python" -m train.fit_markov "$settings/markov.toml" --test
step baselines "$python" -m train.fit_baselines "$settings/baselines.toml" --test
step career "$python" -m train.train_career "$settings/career.toml" --test
step career_2 train train_career career out=runs/career_2 seed=2
step career_3 train train_career career out=runs/career_3 seed=3 dropout=0.2 epochs=16
step career_4 train train_career career out=runs/career_4 seed=5 dropout=0.15 epochs=12
step language_model train train_language_model language_model
step taught "$python" -m train.train_language_model "$settings/language_model_taught.toml" --test
step career_taught "$python" -m train.train_career "$settings/career_taught.toml"
for model in language_model_taught career markov; do
    step "publish_$model" "$python" -m train.publish_model "runs/$model/best"
done
step ensemble "$python" -m train.fit_ensemble "$settings/ensemble.toml" --test
step publish_ensemble "$python" -m train.publish_model runs/ensemble/best
for seed in 1 2 3 4 5; do
    step "seed_model_$seed" train train_career seed_models "seed=$seed" \
        "out=runs/seed_models/$seed" "name=career_seed_$seed" "title=Small CAREER, seed $seed" --test
done
step seed_models_career_3 train train_career career seed=3 out=runs/seed_models/career_3
step seed_spread "$python" -m train.measure_seed_spread --seeds runs/seed_models/{1,2,3,4,5}/best \
    --retrained runs/career_2/best runs/seed_models/career_3/best
step publish_seed_models "$python" -m train.publish_seed_models runs/seed_models/{1,2,3,4,5}/best
step embedding_logit "$python" -m train.fit_embedding_logit "$settings/embedding_logit.toml"
step stay_move "$python" -m train.fit_stay_move "$settings/stay_move.toml"

# Reports
step scores "$python" -m train.score_models language_model career ensemble markov \
    runs/{unigram,second_order,logit,bag_of_jobs,career_taught,language_model}/best \
    --split valid test
step reports "$python" -m train.write_reports "$settings/reports.toml"
step normalised "$python" -m train.measure_normalised language_model
step membership "$python" -m train.check_membership language_model career markov ensemble \
    --audited 150
step experiments "$python" -m train.run_experiments "$settings/experiments.toml"
