"""Category balance: whose work instruction datasets ask about, and whose they forget."""

import streamlit as st

from pages.shared import front_door
from pages.shared import occuquest_balance as balance
from pages.shared import occuquest_datasets as datasets
from pages.shared import occuquest_measures as measures
from pages.shared import occuquest_mixtures as mixtures

front_door.through_app()
st.title("Category balance")
st.caption("Whose work instruction datasets ask about, and whose they forget.")
with st.popover("Upload your own", icon=":material/upload:", key="category_balance.upload_menu"):
    datasets.upload("category_balance")
chosen = balance.choose()
if not chosen:
    st.info("Choose a dataset, or upload your own.", icon=":material/dataset:")
    st.stop()

with st.grid(2, min_column_width=240, gap="small", vertical_alignment="bottom"):
    reference = balance.choose_reference()
    corrected = balance.choose_corrected(chosen)
measured = balance.measured(chosen, reference)
measures.in_words(measured, balance.corrections(chosen) if corrected else {})
balance.caveats(chosen)

st.subheader("Share of each category")
balance.shares_figure(chosen, measured, corrected=corrected)

st.subheader("Measures of balance")
measures.measures_table(measured)
measures.downloads(measured, balance.corrections(chosen))

st.subheader("From category to question")
balance.inside(chosen)
balance.how_made()
mixtures.section()
