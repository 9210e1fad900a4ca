"""Browse: find items of instruction data, read them, and rate them."""

import streamlit as st

from pages.shared import front_door
from pages.shared import occuquest_browse as browse
from pages.shared import occuquest_datasets as datasets

front_door.through_app()
st.title("Browse")
st.caption("Find questions and answers by the work they are about, read them, and rate them.")
filters, reader = st.columns([1, 2.2], gap="large")
with filters:
    items = browse.choose_dataset()
    browse.follow_link(items)
    found = browse.narrow(items)
    with st.popover("Upload your own", icon=":material/upload:", key="browse.upload_menu"):
        datasets.upload("browse")
    browse.export()
with reader:
    if not found:
        st.info("No item fits all of this.", icon=":material/search_off:")
        st.stop()
    item = browse.choose_item(found)
    browse.read(item)
    st.subheader("Rate it")
    browse.rate(item)
